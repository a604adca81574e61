//! A registration that was looked up once.

use core::fmt;

use super::node::Node;
use crate::registry::key::VTableKey;
use crate::task::TaskVTable;

/// One registration. One word, `Copy`.
///
/// It keeps its table whatever is registered under its key later, and whether or not the key is removed.
#[derive(Clone, Copy)]
pub struct Entry<'r>(&'r Node);

impl<'r> Entry<'r> {
    pub(super) fn new(node: &'r Node) -> Self {
        Self(node)
    }

    #[inline]
    pub(super) fn node(self) -> &'r Node {
        self.0
    }

    /// The key; of an alias, the real one. Costs: two loads.
    #[inline]
    #[must_use]
    pub fn key(self) -> VTableKey {
        self.0.open().key()
    }

    /// The table. Costs: one load.
    #[inline]
    #[must_use]
    pub fn table(self) -> &'static TaskVTable {
        self.0.table()
    }
}

impl PartialEq for Entry<'_> {
    /// Whether both are the same registration.
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.0, other.0)
    }
}

impl Eq for Entry<'_> {}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.key()).field("type", &self.table().type_name()).finish()
    }
}
