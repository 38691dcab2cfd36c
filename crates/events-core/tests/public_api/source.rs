//! The modules of a library as they are written, and what a name means in one of them.

use std::collections::BTreeMap;
use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{Attribute, Item, ItemMacro, UseTree, Visibility};

/// The names from the root of a library to one of its modules, or to an item in one.
pub(crate) type Names = Vec<String>;

/// The modules of a library.
pub(crate) struct Source {
    /// The name of the library.
    pub(crate) name: String,
    modules: BTreeMap<Names, Vec<Item>>,
}

/// A name that a `use` brings into a module.
pub(crate) struct Import {
    /// `None`: all names of what it is from.
    pub(crate) name: Option<String>,
    pub(crate) from: Names,
    pub(crate) is_public: bool,
}

/// How often a name may stand for another one.
const DEPTH_MAX: usize = 16;

impl Source {
    /// The library whose root is that file.
    pub(crate) fn read(name: &str, root: &Path) -> Self {
        let mut source = Self { name: name.to_owned(), modules: BTreeMap::new() };
        let file = std::fs::read_to_string(root).unwrap();
        source.add(Names::new(), items(&file, root), Some(root.parent().unwrap()));
        source
    }

    /// A library of one file.
    pub(crate) fn of_text(name: &str, text: &str) -> Self {
        let mut source = Self { name: name.to_owned(), modules: BTreeMap::new() };
        source.add(Names::new(), items(text, Path::new("text")), None);
        source
    }

    /// Adds a module and those inside of it, whose files are in `folder`.
    fn add(&mut self, module: Names, items: Vec<Item>, folder: Option<&Path>) {
        let items: Vec<_> = items.into_iter().filter(|item| !is_for_tests(attributes(item))).collect();
        for item in &items {
            let Item::Mod(inner) = item else { continue };
            let name = inner.ident.to_string();
            let of_inner = folder.map(|folder| folder.join(&name));
            let content = match (&inner.content, folder) {
                (Some((_, content)), _) => content.clone(),
                (None, Some(folder)) => {
                    let files = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
                    let file = files.into_iter().find(|file| file.exists()).unwrap();
                    self::items(&std::fs::read_to_string(&file).unwrap(), &file)
                }
                (None, None) => Vec::new(),
            };
            self.add(join(&module, &name), content, of_inner.as_deref());
        }
        self.modules.insert(module, items);
    }

    pub(crate) fn modules(&self) -> impl Iterator<Item = (&Names, &Vec<Item>)> {
        self.modules.iter()
    }

    pub(crate) fn items(&self, module: &[String]) -> &[Item] {
        &self.modules[module]
    }

    /// What a path in a module names, by where that is defined; `None` when that is not in this library.
    pub(crate) fn resolve(&self, module: &[String], path: &[String]) -> Option<Names> {
        self.resolve_within(module, path, DEPTH_MAX)
    }

    fn resolve_within(&self, module: &[String], path: &[String], depth: usize) -> Option<Names> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => return self.resolve_within(&[], rest, depth),
            "self" => return self.resolve_within(module, rest, depth),
            "super" => return self.resolve_within(module.split_last()?.1, rest, depth),
            _ => {}
        }
        let inner = join(module, first);
        if !rest.is_empty() && self.modules.contains_key(&inner) {
            return self.resolve_within(&inner, rest, depth);
        }
        let items = self.modules.get(module)?;
        if rest.is_empty() && items.iter().any(|item| name_of(item).as_ref() == Some(first)) {
            return Some(inner);
        }
        let imports = imports(items);
        let named = imports.iter().filter(|import| import.name.as_ref() == Some(first));
        let paths = named.map(|import| [&import.from[..], rest].concat());
        let all = imports.iter().filter(|import| import.name.is_none());
        let mut paths = paths.chain(all.map(|import| [&import.from[..], path].concat()));
        paths.find_map(|path| self.resolve_within(module, &path, depth))
    }
}

pub(crate) fn join(module: &[String], name: &str) -> Names {
    [module, &[name.to_owned()]].concat()
}

/// The names that a module has from elsewhere.
pub(crate) fn imports(items: &[Item]) -> Vec<Import> {
    fn collect(tree: &UseTree, from: Names, is_public: bool, imports: &mut Vec<Import>) {
        let mut add = |name: Option<String>, from| imports.push(Import { name, from, is_public });
        match tree {
            UseTree::Path(path) => collect(&path.tree, join(&from, &path.ident.to_string()), is_public, imports),
            UseTree::Name(name) if name.ident == "self" => add(from.last().cloned(), from),
            UseTree::Name(name) => add(Some(name.ident.to_string()), join(&from, &name.ident.to_string())),
            UseTree::Rename(name) => add(Some(name.rename.to_string()), join(&from, &name.ident.to_string())),
            UseTree::Glob(_) => add(None, from),
            UseTree::Group(group) => {
                for tree in &group.items {
                    collect(tree, from.clone(), is_public, imports);
                }
            }
        }
    }

    let mut imports = Vec::new();
    for item in items {
        if let Item::Use(item) = item {
            collect(&item.tree, Names::new(), is_public(&item.vis), &mut imports);
        }
    }
    imports
}

pub(crate) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The name of an item that others can name, but for modules, which are known by their place.
pub(crate) fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Struct(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Const(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.meta.require_list().ok().filter(|list| list.path.is_ident("cfg"));
        condition.is_some_and(|list| ["test", "doctest"].contains(&&*list.tokens.to_string()))
    })
}

/// The items of a file, with those that macros of its own make.
fn items(text: &str, path: &Path) -> Vec<Item> {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let macros: BTreeMap<_, _> = file.items.iter().filter_map(made_of).collect();
    let mut items = Vec::new();
    for item in file.items {
        match &item {
            Item::Macro(item) if item.ident.is_none() => {
                let name = item.mac.path.require_ident().unwrap().to_string();
                // What it makes is never public here.
                if name == "thread_local" {
                    continue;
                }
                items.extend(expand(macros[&name].clone(), item));
            }
            _ => items.push(item),
        }
    }
    items
}

/// The name of a macro and what it makes, without what is repeated or comes from its arguments.
fn made_of(item: &Item) -> Option<(String, TokenStream)> {
    fn plain(tokens: TokenStream) -> TokenStream {
        let mut tokens = tokens.into_iter();
        let mut plain_tokens = Vec::new();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '$' => {
                    if let Some(TokenTree::Group(_)) = tokens.next() {
                        // As far as the sign of the repetition.
                        tokens
                            .by_ref()
                            .find(|token| matches!(token, TokenTree::Punct(sign) if "*+?".contains(sign.as_char())));
                    }
                }
                TokenTree::Group(group) => {
                    let mut plain_group = Group::new(group.delimiter(), plain(group.stream()));
                    plain_group.set_span(group.span());
                    plain_tokens.push(plain_group.into());
                }
                token => plain_tokens.push(token),
            }
        }
        plain_tokens.into_iter().collect()
    }

    let Item::Macro(ItemMacro { ident: Some(name), mac, .. }) = item else { return None };
    let body = mac.tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    });
    Some((name.to_string(), plain(body?)))
}

/// The items of a macro that is a table of the variants of an enum: each row begins with one and ends with a semicolon.
fn expand(made: TokenStream, call: &ItemMacro) -> Vec<Item> {
    let mut items = syn::parse2::<syn::File>(made).unwrap().items;
    let mut variants = Vec::new();
    let mut is_new = true;
    for token in call.mac.tokens.clone() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_new = true,
            TokenTree::Ident(ident) if std::mem::take(&mut is_new) => {
                variants.push(syn::parse_str::<syn::Variant>(&ident.to_string()).unwrap());
            }
            _ => {}
        }
    }
    for item in &mut items {
        if let Item::Enum(item) = item {
            item.variants.extend(variants.clone());
        }
    }
    items
}
