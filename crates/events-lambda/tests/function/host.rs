//! A minimal host: the interface that Lambda offers to a function's process, for one invocation at a time.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// A process that has not called by then has failed: a function answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

const REQUEST_ID: &str = "8f14e45f-ceea-467f-a1d2-91f2e1c0b2a3";

/// Taken while a process is started: until it has become the executable, it has what is open here, locks too.
static STARTING: Mutex<()> = Mutex::new(());

/// Gives a lock up while no process is about to inherit it.
pub(crate) fn unlock(file: File) {
    let _starting = STARTING.lock().unwrap();
    drop(file);
}

pub(crate) struct Host {
    listener: TcpListener,
    process: Child,
}

/// What the process said to an invocation.
#[derive(Debug)]
pub(crate) enum Answer {
    Response(Value),
    Error(Value),
}

impl Host {
    /// Starts the executable with those variables and the ones that Lambda always sets.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bootstrap"));
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "events")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let _starting = STARTING.lock().unwrap();
        Self { process: command.spawn().unwrap(), listener }
    }

    /// Hands a payload to the process and waits for its answer.
    pub(crate) fn invoke(&self, payload: &Value) -> Answer {
        self.invoke_for(Duration::from_secs(300), payload)
    }

    /// Hands a payload to the process, to be answered in that time, and waits for its answer.
    pub(crate) fn invoke_for(&self, time: Duration, payload: &Value) -> Answer {
        let (request, _, stream) = self.next_call();
        assert_eq!(request, "GET /2018-06-01/runtime/invocation/next");
        let deadline = SystemTime::now() + time;
        let headers = format!(
            "Lambda-Runtime-Aws-Request-Id: {REQUEST_ID}\r\nLambda-Runtime-Deadline-Ms: {}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:events\r\n",
            deadline.duration_since(UNIX_EPOCH).unwrap().as_millis()
        );
        reply(stream, "200 OK", &headers, &payload.to_string());
        let (request, body, stream) = self.next_call();
        reply(stream, "202 Accepted", "", "");
        let body = serde_json::from_slice(&body).unwrap();
        let path = format!("POST /2018-06-01/runtime/invocation/{REQUEST_ID}");
        match request.strip_prefix(&path) {
            Some("/response") => Answer::Response(body),
            Some("/error") => Answer::Error(body),
            _ => panic!("`{request}` is no answer"),
        }
    }

    /// Ends the process as Lambda does, without a word; what it logged.
    pub(crate) fn stop(mut self) -> String {
        // A process that waits for its next invocation has said all it had to say about the last one.
        drop(self.next_call());
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let mut log = String::new();
        self.process.stdout.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }

    /// Method and path, body, and the connection, which serves one call.
    fn next_call(&self) -> (String, Vec<u8>, TcpStream) {
        let began = Instant::now();
        let stream = loop {
            match self.listener.accept() {
                Ok((stream, _)) => break stream,
                Err(_) if began.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(2)),
                Err(error) => panic!("the process does not call: {error}"),
            }
        };
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut reader = BufReader::new(&stream);
        let mut lines = reader.by_ref().lines().map(Result::unwrap);
        let request = lines.next().unwrap();
        let mut body_bytes = 0;
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap();
            assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "answers have a length");
            if name.eq_ignore_ascii_case("content-length") {
                body_bytes = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; body_bytes];
        reader.read_exact(&mut body).unwrap();
        (request.trim_end_matches(" HTTP/1.1").to_owned(), body, stream)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It is gone already when the test stopped it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn reply(mut stream: TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .unwrap();
}
