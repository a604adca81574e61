//! Keys as their text. One that borrows is read from formats that lend text, one that owns its names from all.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::key::{KeyRef, VTableKey};
#[cfg(feature = "alloc")]
use super::key_buf::KeyBuf;

macro_rules! written_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

written_as_text!(VTableKey);
written_as_text!(KeyRef<'_>);
#[cfg(feature = "alloc")]
written_as_text!(KeyBuf);

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

#[cfg(feature = "alloc")]
impl<'de> Deserialize<'de> for KeyBuf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = KeyBuf;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key, segment/kind@v1")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<KeyBuf, E> {
                KeyBuf::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}
