//! Servers of S3 on this machine: moto, which keeps everything in memory, and one that only notes what it is asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// moto, which ends with whoever holds the other end of its standard input, however that one ends.
const SERVE: &str = "\
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', '0'])
";

/// Without anything, moto gives only what is public.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=id/20260131/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none";

const START_MAX: Duration = Duration::from_secs(60);

/// An address of S3, and the variables that lead there.
pub(crate) struct S3 {
    address: String,
    process: Option<Child>,
}

impl S3 {
    /// The server of this process, which its tests share. `None` when there is no Python with moto, and nobody says that there
    /// must be.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<S3>> = OnceLock::new();
        let server = SERVER.get_or_init(|| python().map(|python| Self::start(&python)));
        if server.is_none() {
            println!("skipped: no Python 3 with the packages of tests/readers/requirements.txt");
            let required = std::env::var_os("EVENTS_REQUIRE_READERS").is_some();
            assert!(!required, "EVENTS_REQUIRE_READERS is set, so the S3 server is needed");
        }
        server.as_ref()
    }

    fn start(python: &Path) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new(python);
        command.args(["-c", SERVE]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log.reopen().unwrap());
        let mut server = Self { address: String::new(), process: Some(command.spawn().unwrap()) };
        let began = Instant::now();
        while began.elapsed() < START_MAX {
            // Asked for port 0, it takes a free one and names it in its log.
            let text = fs::read_to_string(log.path()).unwrap();
            let port = text
                .split_once("http://127.0.0.1:")
                .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
            if let Some(port) = port.filter(|_| text.contains("CTRL")) {
                server.address = format!("127.0.0.1:{port}");
                return server;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("moto did not start: {}", fs::read_to_string(log.path()).unwrap());
    }

    /// A bucket of a test's own.
    pub(crate) fn bucket(&self) -> Bucket<'_> {
        static BUCKETS: AtomicUsize = AtomicUsize::new(0);
        let name = format!("bucket-{}", BUCKETS.fetch_add(1, Ordering::Relaxed));
        assert_eq!(self.ask("PUT", &format!("/{name}"), b"").0, 200);
        Bucket { server: self, name }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads a command here, past any proxy.
    pub(crate) fn lead<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("AWS_ENDPOINT_URL", self.endpoint()).env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
        command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "canary")
    }

    /// Asks Glue.
    pub(crate) fn glue(&self, operation: &str, request: &Value) -> Value {
        let scope = AUTHORIZATION.replace("/s3/", "/glue/");
        let target = format!("X-Amz-Target: AWSGlue.{operation}\r\nContent-Type: application/x-amz-json-1.1\r\n");
        let (code, head, body) = self.ask_as(&scope, &target, "POST", "/", request.to_string().as_bytes());
        assert_eq!(code, 200, "{head}\n{}", String::from_utf8_lossy(&body));
        if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() }
    }

    /// Sends a request whose signature is none, which moto does not check; gives the code, the head and the body.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
        self.ask_as(AUTHORIZATION, "", method, path, body)
    }

    fn ask_as(
        &self,
        authorization: &str,
        headers: &str,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: {authorization}\r\n\
            {headers}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let code = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        (code, head, answer[end + 4..].to_vec())
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The first Python that has moto: the one that is named, the one in `target`, the system's.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("EVENTS_PYTHON").map(PathBuf::from);
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/readers/bin/python");
    named.into_iter().chain([built, PathBuf::from("python3")]).find(|python| {
        let imports = Command::new(python).args(["-c", "import moto.server"]).output();
        imports.is_ok_and(|output| output.status.success())
    })
}

/// A bucket, asked past the store's library: it holds names that the library refuses.
pub(crate) struct Bucket<'a> {
    server: &'a S3,
    pub(crate) name: String,
}

impl Bucket<'_> {
    pub(crate) fn url(&self) -> String {
        format!("s3://{}", self.name)
    }

    fn path(&self, key: &str) -> String {
        let mut path = format!("/{}/", self.name);
        for byte in key.bytes() {
            match byte {
                b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => path.push(char::from(byte)),
                _ => write!(path, "%{byte:02X}").unwrap(),
            }
        }
        path
    }

    pub(crate) fn put(&self, key: &str, content: &str) {
        let (code, head, _) = self.server.ask("PUT", &self.path(key), content.as_bytes());
        assert_eq!(code, 200, "{head}");
    }

    /// The head of an answer about an object.
    pub(crate) fn head(&self, key: &str) -> String {
        self.server.ask("HEAD", &self.path(key), b"").1.to_ascii_lowercase()
    }

    pub(crate) fn get(&self, key: &str) -> Vec<u8> {
        let (code, head, body) = self.server.ask("GET", &self.path(key), b"");
        assert_eq!(code, 200, "{head}");
        body
    }

    /// The names of all objects below a prefix, there, and their sizes.
    pub(crate) fn list(&self, prefix: &str) -> BTreeMap<String, u64> {
        let mut objects = BTreeMap::new();
        let mut after = String::new();
        loop {
            let path = format!("/{}?list-type=2&prefix={prefix}{after}", self.name);
            let (code, head, body) = self.server.ask("GET", &path, b"");
            assert_eq!(code, 200, "{head}");
            let text = String::from_utf8(body).unwrap();
            let field = |text: &str, name: &str| -> String {
                let (_, rest) = text.split_once(&format!("<{name}>")).unwrap();
                rest.split_once('<').unwrap().0.replace("&amp;", "&")
            };
            for entry in text.split("<Contents>").skip(1) {
                let key = field(entry, "Key")[prefix.len()..].to_owned();
                objects.insert(key, field(entry, "Size").parse().unwrap());
            }
            if !text.contains("<NextContinuationToken>") {
                return objects;
            }
            after = format!("&continuation-token={}", field(&text, "NextContinuationToken"));
        }
    }
}

/// A server that refuses everything and keeps the heads of what it was asked.
pub(crate) struct Refusing {
    pub(crate) endpoint: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Refusing {
    /// Answers as S3 does to credentials that it does not accept: with the session token in the text.
    pub(crate) fn start(token: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&heads);
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                note(stream.unwrap(), token, &noted);
            }
        });
        Self { endpoint, heads }
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn note(mut stream: TcpStream, token: &str, heads: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    heads.lock().unwrap().push(String::from_utf8(head).unwrap());
    let body = format!("<Error><Code>InvalidToken</Code><Token-0>{token}</Token-0></Error>");
    let answer = format!("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let _ = stream.write_all(answer.as_bytes());
}
