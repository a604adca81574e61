//! An error prints its own sentence, and leaves that of its source to `source()`.

use std::error::Error;

/// Walks down from `error`: what has a source does not print it too.
#[track_caller]
pub fn prints_only_itself(error: &(dyn Error + 'static)) {
    let mut above = error;
    assert!(!above.to_string().is_empty());
    while let Some(source) = above.source() {
        let (sentence, below) = (above.to_string(), source.to_string());
        assert!(!below.is_empty() && !sentence.contains(&below), "{sentence:?} prints its source, {below:?}");
        above = source;
    }
}

#[test]
#[should_panic(expected = "prints its source")]
fn an_error_that_prints_its_source_is_found() {
    #[derive(Debug)]
    struct Twice(std::fmt::Error);
    impl std::fmt::Display for Twice {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "twice: {}", self.0)
        }
    }
    impl Error for Twice {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    prints_only_itself(&Twice(std::fmt::Error));
}

#[cfg(feature = "shared")]
#[test]
fn errors_of_shared_tasks_print_only_themselves() {
    use waker_tables::JoinError;

    prints_only_itself(&JoinError::Cancelled);
    prints_only_itself(&JoinError::Panicked);
}
