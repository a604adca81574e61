//! Keys as their text. A key that is read borrows from what it is read from, so the format has to be able to lend text.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::key::{KeyRef, VTableKey};

impl Serialize for VTableKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for KeyRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for KeyRef<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = KeyRef<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key, segment/kind@v1, that can be borrowed")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<KeyRef<'de>, E> {
                KeyRef::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}
