//! What others can name of a library, one item a line.

use std::collections::{BTreeMap, BTreeSet};

use syn::spanned::Spanned;
use syn::{Attribute, Fields, FnArg, ImplItem, Item, ItemImpl, Safety, TraitItem, Type};

use crate::source::{Names, Source, imports, is_public, join, name_of};

/// The lines, in the order of what they are about, and for each item the item itself first.
pub(crate) fn list(source: &Source) -> Vec<String> {
    let mut public = Public { source, modules: BTreeSet::new(), paths: BTreeMap::new() };
    public.walk(&Names::new(), &Names::new());
    let mut lines: BTreeSet<Line> = BTreeSet::new();
    for module in &public.modules {
        let path = public.path(module);
        lines.insert(Line { order: (path.clone(), 0, String::new()), text: format!("pub mod {path}") });
    }
    for (defined, paths) in &public.paths {
        let (name, module) = defined.split_last().unwrap();
        let item = source.items(module).iter().find(|item| name_of(item).as_ref() == Some(name)).unwrap();
        let path = public.path(first(paths));
        lines.extend(item_lines(item, &path));
        for other in paths.iter().filter(|other| *other != first(paths)) {
            let other = public.path(other);
            let text = format!("pub use {other}, which is {path}");
            lines.insert(Line { order: (other, 0, String::new()), text });
        }
    }
    for (module, items) in source.modules() {
        for item in items {
            if let Item::Impl(item) = item {
                lines.extend(public.impl_lines(module, item));
            }
        }
    }
    lines.into_iter().map(|line| line.text).collect()
}

/// A line, by what it is about, and whether it is that itself, a trait of it or something in it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    order: (String, u8, String),
    text: String,
}

impl Line {
    fn of(path: &str, rank: u8, text: String) -> Self {
        Self { order: (path.to_owned(), rank, text.clone()), text }
    }
}

struct Public<'a> {
    source: &'a Source,
    modules: BTreeSet<Names>,
    /// By where an item is defined: the paths under which others can name it.
    paths: BTreeMap<Names, BTreeSet<Names>>,
}

/// The path that an item goes by: the shortest.
fn first(paths: &BTreeSet<Names>) -> &Names {
    paths.iter().min_by_key(|path| path.len()).unwrap()
}

impl Public<'_> {
    fn path(&self, names: &[String]) -> String {
        [std::slice::from_ref(&self.source.name), names].concat().join("::")
    }

    /// Notes what others can name in a module that they know by a path.
    fn walk(&mut self, module: &Names, path: &Names) {
        self.modules.insert(path.clone());
        for item in self.source.items(module) {
            match item {
                Item::Mod(inner) if is_public(&inner.vis) => {
                    let name = inner.ident.to_string();
                    self.walk(&join(module, &name), &join(path, &name));
                }
                item => {
                    if let Some(name) = name_of(item).filter(|_| is_item_public(item)) {
                        self.paths.entry(join(module, &name)).or_default().insert(join(path, &name));
                    }
                }
            }
        }
        for import in imports(self.source.items(module)).into_iter().filter(|import| import.is_public) {
            let name = import.name.expect("a public `use` of all names is not known here");
            // What is of another library is that one's.
            if let Some(defined) = self.source.resolve(module, &import.from) {
                self.paths.entry(defined).or_default().insert(join(path, &name));
            }
        }
    }

    fn impl_lines(&self, module: &[String], item: &ItemImpl) -> Vec<Line> {
        let Some(names) = type_names(&item.self_ty) else { return Vec::new() };
        let Some(paths) = self.source.resolve(module, &names).and_then(|defined| self.paths.get(&defined)) else {
            return Vec::new();
        };
        let path = self.path(first(paths));
        let Some((of, _)) = &item.trait_ else {
            return item.items.iter().filter_map(|item| member_line(item, &path)).collect();
        };
        let of_names: Names = of.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if self.source.resolve(module, &of_names).is_some_and(|defined| !self.paths.contains_key(&defined)) {
            return Vec::new();
        }
        let with = item.items.iter().filter_map(|item| match item {
            ImplItem::Type(item) => Some(format!("{} = {}", item.ident, text(&item.ty))),
            _ => None,
        });
        let with: Vec<_> = with.collect();
        let with = if with.is_empty() { String::new() } else { format!(", with {}", with.join(", ")) };
        let generics = if item.generics.params.is_empty() { String::new() } else { text(&item.generics) };
        let on = text(&item.self_ty).replacen(&names.join("::"), &path, 1);
        let bounds = item.generics.where_clause.as_ref().map(|clause| format!(" {}", text(clause))).unwrap_or_default();
        vec![Line::of(&path, 1, format!("impl{generics} {} for {on}{bounds}{with}", text(of)))]
    }
}

fn is_item_public(item: &Item) -> bool {
    match item {
        Item::Struct(item) => is_public(&item.vis),
        Item::Enum(item) => is_public(&item.vis),
        Item::Trait(item) => is_public(&item.vis),
        Item::Type(item) => is_public(&item.vis),
        Item::Const(item) => is_public(&item.vis),
        Item::Static(item) => is_public(&item.vis),
        Item::Fn(item) => is_public(&item.vis),
        _ => false,
    }
}

/// The names of a type that can have methods.
fn type_names(of: &Type) -> Option<Names> {
    match of {
        Type::Path(path) => Some(path.path.segments.iter().map(|segment| segment.ident.to_string()).collect()),
        Type::Reference(reference) => type_names(&reference.elem),
        _ => None,
    }
}

fn item_lines(item: &Item, path: &str) -> Vec<Line> {
    let line = |attributes: &[Attribute], text: String| Line {
        order: (path.to_owned(), 0, String::new()),
        text: format!("{}{text}", marks(attributes)),
    };
    match item {
        Item::Struct(item) => {
            let private = item.fields.iter().any(|field| !is_public(&field.vis));
            let with = if private { ", with private fields" } else { "" };
            let mut lines = vec![line(&item.attrs, format!("pub struct {path}{}{with}", generics(&item.generics)))];
            for (number, field) in item.fields.iter().enumerate().filter(|(_, field)| is_public(&field.vis)) {
                let name = field.ident.as_ref().map_or_else(|| number.to_string(), ToString::to_string);
                lines.push(Line::of(path, 2, format!("pub {path}::{name}: {}", text(&field.ty))));
            }
            lines.extend(derived(&item.attrs, path));
            lines
        }
        Item::Enum(item) => {
            let mut lines = vec![line(&item.attrs, format!("pub enum {path}{}", generics(&item.generics)))];
            for variant in &item.variants {
                let fields = match &variant.fields {
                    Fields::Unit => String::new(),
                    Fields::Unnamed(fields) => {
                        let types: Vec<_> = fields.unnamed.iter().map(|field| text(&field.ty)).collect();
                        format!("({})", types.join(", "))
                    }
                    Fields::Named(fields) => {
                        let named = fields
                            .named
                            .iter()
                            .map(|field| format!("{}: {}", field.ident.as_ref().unwrap(), text(&field.ty)));
                        format!(" {{ {} }}", named.collect::<Vec<_>>().join(", "))
                    }
                };
                lines.push(Line::of(path, 2, format!("{}{path}::{}{fields}", marks(&variant.attrs), variant.ident)));
            }
            lines.extend(derived(&item.attrs, path));
            lines
        }
        Item::Trait(item) => {
            let mut lines = vec![line(&item.attrs, format!("pub trait {path}{}", generics(&item.generics)))];
            lines.extend(item.items.iter().map(|member| match member {
                TraitItem::Fn(member) => Line::of(path, 2, function(&member.sig, path)),
                member => Line::of(path, 2, format!("{path}: {}", text(member))),
            }));
            lines
        }
        Item::Type(item) => {
            vec![line(&[], format!("pub type {path}{} = {}", generics(&item.generics), text(&item.ty)))]
        }
        Item::Const(item) => vec![line(&[], format!("pub const {path}: {}", text(&item.ty)))],
        Item::Static(item) => vec![line(&[], format!("pub static {path}: {}", text(&item.ty)))],
        Item::Fn(item) => {
            let module = path.rsplit_once("::").map_or("", |(module, _)| module);
            vec![line(&item.attrs, function_of(&item.sig, module, path.rsplit("::").next().unwrap()))]
        }
        _ => Vec::new(),
    }
}

fn member_line(item: &ImplItem, path: &str) -> Option<Line> {
    match item {
        ImplItem::Fn(item) if is_public(&item.vis) => Some(Line::of(path, 2, function(&item.sig, path))),
        ImplItem::Const(item) if is_public(&item.vis) => {
            Some(Line::of(path, 2, format!("pub const {path}::{}: {}", item.ident, text(&item.ty))))
        }
        _ => None,
    }
}

fn function(signature: &syn::Signature, path: &str) -> String {
    function_of(signature, path, &signature.ident.to_string())
}

fn function_of(signature: &syn::Signature, path: &str, name: &str) -> String {
    let arguments = signature.inputs.iter().map(|argument| match argument {
        FnArg::Receiver(receiver) if receiver.mutability.is_some() => {
            text(receiver).trim_start_matches("mut ").to_owned()
        }
        FnArg::Receiver(receiver) => text(receiver),
        FnArg::Typed(argument) => {
            // How an argument is taken apart is the function's own business.
            let name = text(&argument.pat);
            format!("{}: {}", name.trim_start_matches("mut "), text(&argument.ty))
        }
    });
    let arguments: Vec<_> = arguments.collect();
    let words = [
        signature.constness.map(|_| "const "),
        signature.asyncness.map(|_| "async "),
        matches!(signature.safety, Safety::Unsafe(_)).then_some("unsafe "),
    ];
    let words: String = words.into_iter().flatten().collect();
    let output = match &signature.output {
        syn::ReturnType::Default => String::new(),
        syn::ReturnType::Type(_, output) => format!(" -> {}", text(output)),
    };
    let bounds =
        signature.generics.where_clause.as_ref().map(|clause| format!(" {}", text(clause))).unwrap_or_default();
    format!("pub {words}fn {path}::{name}{}({}){output}{bounds}", generics(&signature.generics), arguments.join(", "))
}

fn generics(of: &syn::Generics) -> String {
    if of.params.is_empty() { String::new() } else { text(of) }
}

/// What of an item's attributes is a promise to others.
fn marks(attributes: &[Attribute]) -> String {
    let marks = ["non_exhaustive", "deprecated"];
    let has = |mark: &&&str| attributes.iter().any(|attribute| attribute.path().is_ident(**mark));
    marks.iter().filter(has).flat_map(|mark| ["#[", mark, "] "]).collect()
}

fn derived(attributes: &[Attribute], path: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let each = attribute.parse_nested_meta(|derive| {
            let name = derive.path.segments.last().unwrap().ident.to_string();
            lines.push(Line::of(path, 1, format!("impl {name} for {path}")));
            Ok(())
        });
        each.unwrap();
    }
    lines
}

/// A piece of source on one line, however it was broken.
fn text(of: &impl Spanned) -> String {
    let source = of.span().source_text().expect("what was parsed has a source");
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("( ", "(").replace(", )", ")").replace(",)", ")").replace("< ", "<").replace(", >", ">")
}
