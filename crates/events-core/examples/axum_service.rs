//! A service that takes events over HTTP and runs the job, one run at a time.
//!
//! | request | does | answers |
//! |---|---|---|
//! | `POST /events` | puts the body, JSON of any layout, into `pending` | 202 and the name of the input |
//! | `POST /runs` | runs the job and waits for it | 200 and the report |
//! | `POST /runs/background` | runs the job and does not wait | 202 and the name of the run |
//! | `GET /runs/last` | | the phase of the run at work with 202, or what the last one came to |
//! | `DELETE /runs/current` | asks the run at work to stop | 202 |
//!
//! A second run meanwhile gets 409, one after the service was asked to end 503, and so does one that failed and may be
//! tried again. Three things in it are what any service around the library needs:
//!
//! - A run is a task of its own. A handler's future is dropped when its client hangs up, and a run that is dropped has
//!   lost nothing, but its work was in vain.
//! - A run is stopped by its `Cancel`, and then awaited: it erases what it has staged.
//! - The end of the service is the end of its run: no new one begins, the one at work is cancelled and awaited.
//!
//! ```sh
//! cargo run -p events-core --example axum_service -- 8080 ./lake 300   # port, folder, and a run each 300 seconds
//! curl --data-binary @events.json localhost:8080/events && curl -X POST localhost:8080/runs
//! cargo run -p events-core --example axum_service -- --self-test
//! ```
#![expect(clippy::disallowed_macros, clippy::disallowed_methods, reason = "an example is a program: it has a clock")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use events_core::run::{Cancel, Distributor, Progress, Report, RunId, Start, Writers, Zones};
use events_core::{Config, ErrorKind};
use futures::future::{Either, select};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, memory::InMemory};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

/// The largest body of `POST /events`.
const BODY_BYTES_MAX: usize = 64 << 20;

/// Where the service puts inputs and whose runs it starts.
struct Service {
    store: Arc<dyn ObjectStore>,
    writers: Writers,
    scratch: PathBuf,
    /// New each time that the service starts, and in the name of everything that it makes.
    name: String,
    next: AtomicU64,
    /// Its one permit is that of the run at work.
    at_work: Arc<Semaphore>,
    runs: Mutex<Runs>,
}

/// What is known about runs.
#[derive(Default)]
struct Runs {
    /// No run may begin any more.
    is_closing: bool,
    /// Of the run at work, or the last one.
    cancel: Cancel,
    progress: Arc<Progress>,
    /// What the last one came to.
    last: Option<(StatusCode, Value)>,
}

/// Why there is no report.
enum Refusal {
    /// Another run is at work.
    Busy,
    /// The service is about to end.
    Closing,
    /// The run, or what came before it, failed.
    Failed(events_core::Error),
    /// An input could not be put.
    Put(object_store::Error),
    /// The task of the run is gone, which is a bug.
    Gone(tokio::task::JoinError),
}

impl From<events_core::Error> for Refusal {
    fn from(error: events_core::Error) -> Self {
        Self::Failed(error)
    }
}

impl Refusal {
    fn answer(&self) -> (StatusCode, Value) {
        let (status, error) = match self {
            Self::Busy => (StatusCode::CONFLICT, "another run is at work".to_owned()),
            Self::Closing => (StatusCode::SERVICE_UNAVAILABLE, "the service is about to end".to_owned()),
            // What may be tried again as it is: no input is lost, and what is committed is finished by the next run.
            Self::Failed(error) => match error.kind() {
                ErrorKind::Storage | ErrorKind::Unfinished | ErrorKind::Interrupted | ErrorKind::Busy => {
                    (StatusCode::SERVICE_UNAVAILABLE, chain(error))
                }
                _ => (StatusCode::INTERNAL_SERVER_ERROR, chain(error)),
            },
            Self::Put(error) => (StatusCode::SERVICE_UNAVAILABLE, chain(error)),
            Self::Gone(error) => (StatusCode::INTERNAL_SERVER_ERROR, chain(error)),
        };
        (status, json!({ "error": error }))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = self.answer();
        (status, Json(body)).into_response()
    }
}

/// An error and everything that it came from.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // Writing to a text cannot fail.
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}

impl Service {
    fn new(store: Arc<dyn ObjectStore>, writers: Writers, scratch: PathBuf, name: String) -> Arc<Self> {
        let (next, at_work, runs) = (AtomicU64::new(0), Arc::new(Semaphore::new(1)), Mutex::default());
        Arc::new(Self { store, writers, scratch, name, next, at_work, runs })
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        // What is behind the lock is whole at every moment.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_name(&self) -> String {
        format!("{}-{:06}", self.name, self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Starts a run, unless one is at work.
    fn start(self: &Arc<Self>) -> Result<(RunId, JoinHandle<Result<Report, Refusal>>), Refusal> {
        let alone = Arc::clone(&self.at_work).try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let run: RunId = self.new_name().parse()?;
        let (cancel, progress) = (Cancel::default(), Arc::new(Progress::default()));
        let zones = Zones::below(&self.store, &Path::default(), &self.store.to_string());
        let distributor = Distributor::new(zones, self.scratch.clone(), Config::default())?
            .with_writers(self.writers)
            .with_progress(Arc::clone(&progress))
            .with_cancel(cancel.clone());
        {
            let mut runs = self.runs();
            if runs.is_closing {
                return Err(Refusal::Closing);
            }
            (runs.cancel, runs.progress) = (cancel, progress);
        }
        let (service, start) = (Arc::clone(self), Start { run: run.clone(), date: now().date_naive() });
        let task = tokio::spawn(async move {
            let outcome = distributor.run(&start).await.map_err(Refusal::from);
            service.runs().last = Some(match &outcome {
                Ok(report) => (StatusCode::OK, json!(report)),
                Err(refusal) => refusal.answer(),
            });
            drop(alone);
            outcome
        });
        Ok((run, task))
    }

    /// No run begins any more, and the one at work is asked to stop.
    fn close(&self) {
        let mut runs = self.runs();
        runs.is_closing = true;
        runs.cancel.cancel();
    }
}

async fn take(State(service): State<Arc<Service>>, body: Bytes) -> Result<(StatusCode, Json<Value>), Refusal> {
    let input = format!("{}.json", service.new_name());
    service.store.put(&Path::from(format!("landing/pending/{input}")), body.into()).await.map_err(Refusal::Put)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "input": input }))))
}

async fn run(State(service): State<Arc<Service>>) -> Result<Json<Report>, Refusal> {
    let (_, task) = service.start()?;
    // When the client hangs up this future is dropped, and with it the handle of the task. The task goes on.
    task.await.map_err(Refusal::Gone)?.map(Json)
}

async fn run_in_background(State(service): State<Arc<Service>>) -> Result<(StatusCode, Json<Value>), Refusal> {
    let (run, _) = service.start()?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "run": run.to_string() }))))
}

async fn last(State(service): State<Arc<Service>>) -> (StatusCode, Json<Value>) {
    let runs = service.runs();
    if service.at_work.available_permits() == 0 {
        let progress = &runs.progress;
        return (StatusCode::ACCEPTED, Json(json!({ "phase": progress.phase(), "records": progress.records() })));
    }
    let nothing = || (StatusCode::NOT_FOUND, json!({ "error": "there was no run yet" }));
    let (status, body) = runs.last.clone().unwrap_or_else(nothing);
    (status, Json(body))
}

async fn cancel(State(service): State<Arc<Service>>) -> StatusCode {
    service.runs().cancel.cancel();
    StatusCode::ACCEPTED
}

/// Serves until `end` is ready; then requests and the run at work come to their ends first.
async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    every: Option<Duration>,
    end: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/events", post(take).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)))
        .route("/runs", post(run))
        .route("/runs/background", post(run_in_background))
        .route("/runs/last", get(last))
        .route("/runs/current", delete(cancel))
        .with_state(Arc::clone(&service));
    let schedule = every.map(|every| tokio::spawn(run_each(Arc::clone(&service), every)));
    let closing = Arc::clone(&service);
    let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
        end.await;
        // Before the server waits for its requests, of which one may wait for the run.
        closing.close();
    });
    let served = graceful.await;
    if let Some(schedule) = schedule {
        schedule.abort();
    }
    service.close();
    // The run has erased what it had staged, or has committed and finished, when this is had.
    let _end = service.at_work.acquire().await;
    served
}

/// Runs the job again and again, and leaves out what comes while another run is at work.
async fn run_each(service: Arc<Service>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        if let Ok((run, task)) = service.start() {
            match task.await {
                Ok(Ok(report)) => println!("{run}: {} rows", report.totals.rows),
                Ok(Err(refusal)) => println!("{run}: {}", refusal.answer().1),
                Err(error) => println!("{run}: {error}"),
            }
        }
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from(SystemTime::now())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (port, folder, every): (u16, _, _) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["--self-test"] => return self_test().await,
        [port, folder] => (port.parse()?, folder, None),
        [port, folder, seconds] => (port.parse()?, folder, Some(Duration::from_secs(seconds.parse()?))),
        _ => return Err("give a port and a folder, and seconds if there are to be runs by themselves".into()),
    };
    // Nobody else may write to the folder: a file system replaces nothing under a condition.
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder)?);
    let scratch = tempfile::tempdir()?;
    let name = now().format("%Y%m%dT%H%M%SZ").to_string();
    let service = Service::new(store, Writers::Single, scratch.path().to_owned(), name);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    let interrupt = async {
        // Without signals the service is ended by the end of its process, which loses nothing either.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    Ok(serve(listener, service, every, interrupt).await?)
}

/// Drives a service on a port of its own: what it answers, and what is in the table and pending then.
///
/// # Errors
/// When anything is not as it should be.
async fn self_test() -> Result<(), Box<dyn Error>> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let scratch = tempfile::tempdir()?;
    let service = Service::new(Arc::clone(&store), Writers::Many, scratch.path().to_owned(), "test".to_owned());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let client = Client { port: listener.local_addr()?.port() };
    let (end, ended) = oneshot::channel::<()>();
    let end_of_service = async move {
        // One that is dropped ends the service as well.
        let _ = ended.await;
    };
    let serving = tokio::spawn(serve(listener, Arc::clone(&service), None, end_of_service));

    expect("no run yet", &client.ask("GET", "/runs/last", "").await?.0, &404)?;
    let event = |id: u64| format!(r#"{{"event_id":"{id}","timestamp":{id},"domain":"card","event_type":"issued"}}"#);
    let body = format!("{}{}{{oops", event(1), event(2));
    expect("an input is taken", &client.ask("POST", "/events", &body).await?.0, &202)?;
    let (status, report) = client.ask("POST", "/runs", "").await?;
    let totals = (&report["totals"]["rows"], &report["totals"]["rejects"]["truncated"]);
    expect("a run gives its report", &(status, totals), &(200, (&json!(2), &json!(1))))?;

    expect("an input is taken", &client.ask("POST", "/events", &format!("{}\n{}", event(2), event(3))).await?.0, &202)?;
    expect("a run goes on by itself", &client.ask("POST", "/runs/background", "").await?.0, &202)?;
    let (status, report) = client.outcome().await?;
    let totals = (&report["totals"]["rows"], &report["totals"]["duplicates"]["exact"]);
    expect("its report is kept", &(status, totals), &(200, (&json!(1), &json!(1))))?;

    // Whoever holds this is the run at work.
    let other = service.at_work.acquire().await?;
    expect("there is one run at a time", &client.ask("POST", "/runs", "").await?.0, &409)?;
    drop(other);

    // A run that is asked to stop has stopped or was faster, and in either case the next one finds what is left.
    let many: String = (10..20_000).map(event).collect();
    expect("an input is taken", &client.ask("POST", "/events", &many).await?.0, &202)?;
    expect("a run begins", &client.ask("POST", "/runs/background", "").await?.0, &202)?;
    expect("it is asked to stop", &client.ask("DELETE", "/runs/current", "").await?.0, &202)?;
    let (status, _) = client.outcome().await?;
    expect("it was stopped, or was done", &(status == 503 || status == 200), &true)?;
    let (again, report) = client.ask("POST", "/runs", "").await?;
    let rows = if status == 503 { 19_990 } else { 0 };
    expect("nothing is lost or doubled", &(again, &report["totals"]["rows"]), &(200, &json!(rows)))?;

    // A client that hangs up does not stop the run that it has asked for.
    expect("an input is taken", &client.ask("POST", "/events", &event(4)).await?.0, &202)?;
    client.hang_up("POST", "/runs").await?;
    let (status, report) = client.outcome().await?;
    expect("the run goes on", &(status, &report["totals"]["rows"]), &(200, &json!(1)))?;

    end.send(()).map_err(|()| "the service has ended before it was asked to")?;
    serving.await??;
    expect(
        "no run begins behind the end",
        &service.start().err().map(|refusal| refusal.answer().0.as_u16()),
        &Some(503),
    )?;
    println!("the service does what it should");
    Ok(())
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), Box<dyn Error>> {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}").into()) }
}

/// As much of HTTP as the test needs: one request a connection.
struct Client {
    port: u16,
}

impl Client {
    async fn send(&self, method: &str, path: &str, body: &str) -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        Ok(stream)
    }

    /// The status and the JSON of an answer; null where it has no body.
    async fn ask(&self, method: &str, path: &str, body: &str) -> Result<(u16, Value), Box<dyn Error>> {
        let mut answer = String::new();
        self.send(method, path, body).await?.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer without an end of its head")?;
        let status = head.split(' ').nth(1).ok_or("an answer without a status")?.parse()?;
        Ok((status, if body.is_empty() { Value::Null } else { serde_json::from_str(body)? }))
    }

    /// What the last run came to, when none is at work any more.
    async fn outcome(&self) -> Result<(u16, Value), Box<dyn Error>> {
        loop {
            match self.ask("GET", "/runs/last", "").await? {
                (202, _) => tokio::task::yield_now().await,
                outcome => return Ok(outcome),
            }
        }
    }

    /// Asks, and closes the connection when the run has begun.
    async fn hang_up(&self, method: &str, path: &str) -> Result<(), Box<dyn Error>> {
        let mut stream = self.send(method, path, "").await?;
        let mut first = [0];
        let answer = pin!(stream.read(&mut first));
        let begun = pin!(async {
            // The run is at work, or the last one is this one already.
            while self.ask("GET", "/runs/last", "").await?.0 != 202 {
                tokio::task::yield_now().await;
            }
            Ok::<(), Box<dyn Error>>(())
        });
        match select(answer, begun).await {
            Either::Left((read, _)) => read.map(drop).map_err(Into::into),
            Either::Right((begun, _)) => begun,
        }
    }
}

#[tokio::test]
async fn the_service_does_what_it_should() -> Result<(), Box<dyn Error>> {
    self_test().await
}
