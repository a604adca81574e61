//! An HTTP/1.1 server on loopback whose routes use what a runtime has: tasks, timers, threads for blocking work.
//!
//! `http <port>` serves until its standard input ends.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use smol::stream::StreamExt;
use smol::{Async, Executor, Timer};
use smol_hyper::rt::{FuturesIo, SmolTimer};

static EXECUTOR: Executor<'_> = Executor::new();

type Body = BoxBody<Bytes, Infallible>;

fn text(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed()
}

/// Ten lines, one every millisecond, from a task of their own.
fn ticks() -> Body {
    let (sender, receiver) = smol::channel::bounded(1);
    EXECUTOR
        .spawn(async move {
            for line in 0..10 {
                Timer::after(Duration::from_millis(1)).await;
                if sender.send(Ok(Frame::data(Bytes::from(format!("line {line}\n"))))).await.is_err() {
                    break;
                }
            }
        })
        .detach();
    BodyExt::boxed(StreamBody::new(Box::pin(receiver).map(|frame: Result<_, Infallible>| frame)))
}

/// The sum of what a hundred tasks give, each of which yields once.
async fn sum() -> u64 {
    let tasks: Vec<_> = (1..=100_u64)
        .map(|number| {
            EXECUTOR.spawn(async move {
                smol::future::yield_now().await;
                number
            })
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await;
    }
    sum
}

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let body = match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => text("Hello.\n"),
        (&Method::POST, "/echo") => text(request.into_body().collect().await?.to_bytes()),
        (&Method::GET, "/ticks") => ticks(),
        (&Method::GET, "/sum") => text(format!("{}\n", sum().await)),
        (&Method::GET, "/wait") => {
            Timer::after(Duration::from_millis(5)).await;
            text("waited\n")
        }
        (&Method::GET, "/blocking") => text(smol::unblock(|| "from another thread\n").await),
        (&Method::GET, "/cancel") => {
            let forever = EXECUTOR.spawn(std::future::pending::<()>());
            text(format!("{:?}\n", forever.cancel().await))
        }
        (&Method::GET, "/panic") => {
            let task = EXECUTOR.spawn(async { std::panic::resume_unwind(Box::new("on purpose")) });
            let caught = smol::future::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(task)).await;
            let caught: Result<(), _> = caught;
            text(format!("{:?}\n", caught.unwrap_err().downcast_ref::<&str>()))
        }
        _ => {
            let mut response = Response::new(text("not here\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            return Ok(response);
        }
    };
    Ok(Response::new(body))
}

async fn serve(listener: Async<TcpListener>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.get_ref().set_nodelay(true)?;
        EXECUTOR
            .spawn(async move {
                // A client that goes away in the middle is no news.
                let _ = hyper::server::conn::http1::Builder::new()
                    .timer(SmolTimer::new())
                    .serve_connection(FuturesIo::new(stream), service_fn(answer))
                    .await;
            })
            .detach();
    }
}

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], port))?;
    println!("{}", listener.get_ref().local_addr()?);
    EXECUTOR.spawn(serve(listener)).detach();
    for _ in 1..thread::available_parallelism()?.get() {
        thread::spawn(|| smol::block_on(EXECUTOR.run(std::future::pending::<()>())));
    }
    let end = smol::unblock(|| io::copy(&mut io::stdin(), &mut io::sink()));
    smol::block_on(EXECUTOR.run(end))?;
    Ok(())
}
