//! The families of this fleet, by key.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Once};
use std::task::Poll;
use std::thread;

use indicatif::ProgressBar;
use pipeline::graph;
use pipeline::index::Index;
use pipeline::stop::Stop;
use pipeline::words::{self, Version};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use waker_tables::{VTableKey, VTableRegistry, WakeableTask};

use crate::limited;
use crate::sections;
use crate::slot::Context;

/// Indexes some files of a tree; what a word is says the version, which is that of `etl/parse`. A worker that has only
/// the older one must not lease work of the newer.
pub const SHARD: [(VTableKey, Version); 2] =
    [(VTableKey::new("search", "shard", 1), Version::V1), (VTableKey::new("search", "shard", 2), Version::V2)];
/// Merges one part of all shards' words.
pub const MERGE: VTableKey = VTableKey::new("search", "merge", 1);

/// The bytes of a `search/shard` job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardJob {
    /// The tree.
    pub root: Name,
    /// The first file's number in the order of the walk.
    pub first: u32,
    /// Into how many parts the words go.
    pub parts: usize,
    /// The files, from the root.
    pub files: Vec<Name>,
}

/// The bytes of a `search/merge` job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeJob {
    /// The batch of the shards.
    pub batch: String,
    /// Which part.
    pub part: usize,
}

/// A path as JSON: text, or bytes where it is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Name {
    /// UTF-8.
    Text(String),
    /// Not UTF-8.
    Bytes(Vec<u8>),
}

/// Most parts that the words of a batch may go to.
pub const MOST_PARTS: usize = 4096;

static JOBS: VTableRegistry<Context> = VTableRegistry::with_context();

/// The registry of a worker.
pub fn jobs() -> &'static VTableRegistry<Context> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        for (key, version) in SHARD {
            JOBS.register_factory(key, move |bytes, context: &Context| shard(bytes, context, version));
        }
        JOBS.register_factory(MERGE, |bytes, context: &Context| {
            let job: MergeJob = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
            let (pool, runtime) = (context.pool.clone(), Handle::current());
            Ok::<_, String>(Work::new(context, move |_| {
                let all = sqlx::query_scalar(
                    "select fleet.section(r.value, $2) from fleet.member m join fleet.result r using (job)
                     where m.batch = $1 and not m.held",
                );
                let number = i32::try_from(job.part + 1).unwrap_or(i32::MAX);
                let all = all.bind(&job.batch).bind(number);
                let shards: Vec<Vec<u8>> = runtime
                    .block_on(async { limited!(pool, |c| all.fetch_all(c)) })
                    .map_err(|fault| fault.to_string())?;
                let index = Index::new(vec![sections::join(shards.iter().map(Vec::as_slice))?]);
                let mut entries: Vec<_> = index.iter().collect();
                entries.sort_unstable_by_key(|(word, _)| *word);
                sections::pack(&[sections::write_words(entries.into_iter(), 0)?])
            }))
        });
    });
    &JOBS
}

/// The pipeline's own graph over the files of the job, one thread, and its index as sections.
fn shard(bytes: &[u8], context: &Context, version: Version) -> Result<Work, String> {
    let job: ShardJob = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let root = job.root.path();
    if !root.starts_with(&context.root)
        || !root.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
    {
        return Err(format!("the root {} is not below {}", root.display(), context.root.display()));
    }
    if !(1..=MOST_PARTS).contains(&job.parts) {
        return Err(format!("{} parts, not 1 to {MOST_PARTS}", job.parts));
    }
    let relative = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    let names: Vec<PathBuf> = job.files.iter().map(Name::path).collect();
    if let Some(name) = names.iter().find(|name| !relative(name)) {
        return Err(format!("the path {} leads out of its root", name.display()));
    }
    if u32::try_from(names.len()).ok().and_then(|files| job.first.checked_add(files)).is_none() {
        return Err(format!("files from number {} on are too many", job.first));
    }
    Ok(Work::new(context, move |stop| {
        let files: Arc<[PathBuf]> = names.iter().map(|name| root.join(name)).collect();
        let plan = graph::Plan { threads: 1, versions: [version; 2] };
        let finished = plan.run(files, ProgressBar::hidden(), stop).map_err(|error| error.to_string())?;
        let index = finished.index.ok_or("stopped")?;
        let mut parts = vec![Vec::new(); job.parts];
        for (word, postings) in index.iter() {
            parts[words::shard(words::hash(word), job.parts)].push((word, postings));
        }
        let mut all = vec![sections::write_outcomes(&finished.outcomes, job.first)?];
        for part in parts {
            all.push(sections::write_words(part.into_iter(), job.first)?);
        }
        sections::pack(&all)
    }))
}

/// What a thread of the task does. It looks at the wish to stop.
type Doing = Box<dyn FnOnce(&Arc<Stop>) -> Result<Vec<u8>, String> + Send>;

/// A task that works on a thread of its own, which wakes it at the end.
pub struct Work {
    doing: Option<Doing>,
    context: Context,
    stop: Arc<Stop>,
}

impl Work {
    /// A task that will do this.
    pub fn new(
        context: &Context,
        doing: impl FnOnce(&Arc<Stop>) -> Result<Vec<u8>, String> + Send + 'static,
    ) -> Self {
        Self { doing: Some(Box::new(doing)), context: context.clone(), stop: Arc::default() }
    }
}

/// Delivers when it is dropped, also by a panic.
struct Delivery(Context, Result<Vec<u8>, String>);

impl Drop for Delivery {
    fn drop(&mut self) {
        self.0.deliver(std::mem::replace(&mut self.1, Ok(Vec::new())));
        self.0.waker.wake_by_ref();
    }
}

impl WakeableTask for Work {
    fn poll(&mut self) -> Poll<()> {
        if let Some(doing) = self.doing.take() {
            let stop = self.stop.clone();
            let mut delivery = Delivery(self.context.clone(), Err("its thread panicked".into()));
            let thread = thread::Builder::new().name("fleet job".into()).spawn(move || {
                let whole = &mut delivery;
                whole.1 = doing(&stop);
            });
            if let Err(error) = thread {
                self.context.deliver(Err(format!("no thread for it: {error}")));
            }
        }
        if self.context.has_delivered() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn close(&mut self) {
        self.stop.ask();
    }
}

impl Name {
    /// The name of a path.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.into()),
            None => Self::Bytes(path.as_os_str().as_encoded_bytes().into()),
        }
    }

    /// The path of a name.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match self {
            Self::Text(text) => text.into(),
            Self::Bytes(bytes) => OsString::from_vec(bytes.clone()).into(),
        }
    }
}
