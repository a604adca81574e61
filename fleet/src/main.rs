//! The commands.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{self, Command as Process, ExitCode};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use fleet::fault::{FAILED, Fault, INPUT, NO_SERVER};
use fleet::plan::Plan;
use fleet::query::Merged;
use fleet::{database, families, produce, status, trial, work};
use pipeline::output::Quiet;
use pipeline::words::Version;
use sqlx::PgPool;
use tokio::runtime::Runtime;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::sleep;
use waker_tables::{KeyBuf, ParseKeyError};

/// Runs the job families of a registry on many machines, with an SQL database and apalis between them.
///
/// The exit status is 0, or 1 if something failed, 2 if the input is wrong, 3 if there is no server, 4 if the database
/// has another schema, 5 if a key's state does not allow it, 6 if there is no such key, batch or job, 130 after the second
/// Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "fleet")]
struct Arguments {
    /// The URL of the database, which begins with postgres:
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Brings the schema into the database, and makes keys known
    Init {
        /// A key whose workers come later
        #[arg(long = "key", value_name = "KEY", value_parser = key)]
        keys: Vec<KeyBuf>,
    },
    /// Cuts a tree into jobs, and prints the name of the batch
    Enqueue(Enqueue),
    /// Leases and runs jobs until Ctrl-C
    Work(Work),
    /// Shows what there is of each key
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Every second again
        #[arg(long)]
        watch: bool,
    },
    /// Takes a key out of the choice for new batches
    Drain {
        /// The key
        #[arg(value_parser = key)]
        key: KeyBuf,
    },
    /// Refuses new jobs of a key; waits for transactions that are enqueueing
    Seal {
        /// The key
        #[arg(value_parser = key)]
        key: KeyBuf,
    },
    /// Ends a sealed key that has no open job, and keeps the proof
    Retire {
        /// The key
        #[arg(value_parser = key)]
        key: KeyBuf,
    },
    /// Lists jobs that are not tried again
    Dead {
        #[command(subcommand)]
        retry: Option<Dead>,
    },
    /// Looks up words in a merged index
    Query {
        /// Words, as they are written
        words: Vec<String>,
        /// Which batch; the last one if it is not given
        #[arg(long)]
        batch: Option<String>,
        /// Index the files again in one plain pass, and compare
        #[arg(long)]
        verify: bool,
        /// How long to wait for the merge
        #[arg(long, value_name = "SECONDS", default_value_t = 0)]
        wait: u64,
    },
    /// Starts a server and three workers of its own, shows it all, and cleans up
    Demo {
        /// The tree
        #[arg(default_value = ".")]
        directory: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum Dead {
    /// Opens them again
    Retry {
        /// Which; all if there are none
        ids: Vec<String>,
    },
}

#[derive(Debug, Args)]
struct Enqueue {
    /// The tree
    #[arg(required_unless_present = "key")]
    directory: Option<PathBuf>,
    /// What a word is; the newest version that is open if it is not given
    #[arg(long, value_name = "VERSION", value_enum)]
    parse_version: Option<Version>,
    /// The batch's name; the same again is the same batch
    #[arg(long)]
    batch: Option<String>,
    /// About so many bytes of files a job
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20)]
    shard_bytes: u64,
    /// Jobs of this key instead of a tree
    #[arg(long, conflicts_with_all = ["directory", "parse_version", "batch", "shard_bytes"], value_parser = key)]
    key: Option<KeyBuf>,
    /// Their bytes; a file's if they begin with @
    #[arg(long, requires = "key", default_value = "")]
    bytes: String,
    /// How many
    #[arg(long, requires = "key", default_value_t = 1)]
    count: u32,
    /// What makes them idempotent; number N has this text, a slash and N
    #[arg(long, requires = "key")]
    token: Option<String>,
}

#[derive(Debug, Args)]
struct Work {
    /// Which keys; * stands for any text. All that this worker can build if it is not given
    #[arg(long, value_name = "PATTERN")]
    keys: Vec<String>,
    /// How many jobs of one key at once; as many as cores if it is not given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=512))]
    slots: Option<u16>,
    /// How long a lease lasts without a heartbeat
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    lease: u64,
    /// How long one poll may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    poll_limit: u64,
    /// The tree that jobs may read
    #[arg(long, default_value = "/")]
    root: PathBuf,
    /// The families that only try a fleet, too, with so many versions of trial/echo
    #[arg(long, hide = true, num_args = 0..=1, default_missing_value = "1")]
    trial: Option<u16>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = Quiet(io::stdout());
    let result = Runtime::new().map_err(|error| Fault::new(FAILED, error.to_string())).and_then(|runtime| {
        let result = runtime.block_on(run(arguments, &mut out));
        // A poll that hangs is no reason to stay.
        runtime.shutdown_background();
        result
    });
    let status = match result {
        Ok(status) => status,
        Err(fault) => {
            eprintln!("error: {fault}");
            fault.status
        }
    };
    process::exit(status.into())
}

async fn run(arguments: Arguments, out: &mut impl Write) -> Result<u8, Fault> {
    let Arguments { database, command } = arguments;
    let url = || {
        database.clone().ok_or_else(|| {
            Fault::new(INPUT, "no database: give --database or DATABASE_URL, or try \"fleet demo\", which needs none")
        })
    };
    let open = || async { database::open(&url()?, "fleet").await };
    let mut say =
        |text: String| out.write_all(text.as_bytes()).map_err(|error| Fault::new(FAILED, error.to_string()));
    match command {
        Command::Init { mut keys } => {
            let pool = database::init(&url()?).await?;
            let manifest = families::jobs().manifest().into_iter().filter(|entry| entry.has_factory);
            keys.extend(manifest.map(|entry| KeyBuf::from(entry.key)));
            work::announce(&pool, &keys).await?;
            say(status::table(&status::read(&pool).await?))?;
        }
        Command::Enqueue(wanted) => say(enqueue(&open().await?, wanted).await?)?,
        Command::Work(wanted) => {
            let registry = families::jobs();
            if let Some(echos) = wanted.trial {
                trial::register(registry, echos);
            }
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let plan = Plan {
                registry,
                keys: wanted.keys,
                slots: wanted.slots.map_or(cores, usize::from),
                lease: Duration::from_secs(wanted.lease),
                poll_limit: Duration::from_secs(wanted.poll_limit),
                root: wanted.root,
            };
            work::work(&url()?, plan, signals()?).await?;
        }
        Command::Status { json, watch } => {
            let pool = open().await?;
            loop {
                let rows = status::read(&pool).await?;
                let text =
                    if json { serde_json::to_string(&rows).unwrap_or_default() + "\n" } else { status::table(&rows) };
                // Where the cursor was, and nothing below it.
                say(if watch && !json { format!("\x1b[H\x1b[J{text}") } else { text })?;
                if !watch {
                    break;
                }
                tokio::select! {
                    _ = ctrl_c() => break,
                    () = sleep(Duration::from_secs(1)) => {}
                }
            }
        }
        Command::Drain { key } => say(status::move_to(&open().await?, &key.to_string(), "draining").await?)?,
        Command::Seal { key } => say(status::move_to(&open().await?, &key.to_string(), "sealed").await?)?,
        Command::Retire { key } => say(status::move_to(&open().await?, &key.to_string(), "retired").await?)?,
        Command::Dead { retry: Some(Dead::Retry { ids }) } => {
            let opened = status::retry(&open().await?, &ids).await?;
            say(format!("{opened} jobs are open again\n"))?;
        }
        Command::Dead { retry: None } => {
            for dead in status::dead(&open().await?).await? {
                say(format!(
                    "{}  {}  {} attempts  {}\n",
                    dead.id,
                    dead.key,
                    dead.attempts,
                    dead.error.unwrap_or_default()
                ))?;
            }
        }
        Command::Query { words, batch, verify, wait } => {
            let merged = Merged::open(&open().await?, batch.as_deref(), Duration::from_secs(wait)).await?;
            for word in &words {
                say(merged.look_up(word).await?)?;
            }
            if verify {
                say(merged.verify().await?)?;
            }
        }
        Command::Demo { directory } => return demo(&directory),
    }
    Ok(0)
}

async fn enqueue(pool: &PgPool, wanted: Enqueue) -> Result<String, Fault> {
    let Some(key) = wanted.key else {
        let directory = wanted.directory.unwrap_or_default();
        let batch =
            produce::tree(pool, &directory, wanted.parse_version, wanted.batch, wanted.shard_bytes.max(1)).await?;
        eprintln!("{}: {}", if batch.known { "known already" } else { "enqueued" }, batch.info);
        return Ok(batch.name + "\n");
    };
    let bytes = match wanted.bytes.strip_prefix('@') {
        Some(file) => std::fs::read(file).map_err(|error| Fault::new(INPUT, format!("{file}: {error}")))?,
        None => wanted.bytes.into_bytes(),
    };
    let token = |number| wanted.token.as_ref().map(|token| format!("{token}/{number}"));
    let jobs: Vec<_> = (0..wanted.count).map(|number| (bytes.clone(), token(number))).collect();
    let mut transaction = pool.begin().await?;
    let ids = produce::enqueue(&mut transaction, &key.to_string(), &jobs, None).await?;
    transaction.commit().await?;
    Ok(ids.join("\n") + "\n")
}

/// The story is a script, so that it shows what one types.
fn demo(directory: &std::path::Path) -> Result<u8, Fault> {
    let program = std::env::current_exe().map_err(|error| Fault::new(FAILED, error.to_string()))?;
    let script = concat!(include_str!("../server.sh"), include_str!("../demo.sh"));
    // Ctrl-C is for the script, which cleans up.
    tokio::spawn(ctrl_c());
    let status = Process::new("bash").arg("-c").arg(script).arg("fleet demo").arg(program).arg(directory).status();
    let status = status.map_err(|error| Fault::new(NO_SERVER, format!("bash: {error}")))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(FAILED))
}

/// One message for each Ctrl-C or SIGTERM.
fn signals() -> Result<mpsc::Receiver<()>, Fault> {
    let (sender, receiver) = mpsc::channel(2);
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signal = signal(kind).map_err(|error| Fault::new(FAILED, error.to_string()))?;
        let sender = sender.clone();
        tokio::spawn(async move { while signal.recv().await.is_some() && sender.send(()).await.is_ok() {} });
    }
    Ok(receiver)
}

fn key(text: &str) -> Result<KeyBuf, ParseKeyError> {
    KeyBuf::parse(text)
}
