//! Texts on their way from a reader to a parser.

/// One file's text.
#[derive(Debug)]
pub struct Text {
    /// The file's number.
    pub file: u32,
    /// What is in it.
    pub text: String,
}
