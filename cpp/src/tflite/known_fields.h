// Whether a table has only fields that the vendored schema knows.

#ifndef SOTTO_SRC_TFLITE_KNOWN_FIELDS_H_
#define SOTTO_SRC_TFLITE_KNOWN_FIELDS_H_

#include "flatbuffers/table.h"

namespace sotto {

// A newer LiteRT would follow offsets that nobody verified. `last` is the place of the schema's
// last field, such as Model::VT_EXTERNAL_BUFFERS.
inline bool HasOnlyFieldsUpTo(const flatbuffers::Table& table, flatbuffers::voffset_t last) {
  const uint8_t* vtable = table.GetVTable();
  const auto size = flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable);
  for (flatbuffers::voffset_t place = last + 2; place + 2 <= size; place += 2) {
    if (flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable + place) != 0) return false;
  }
  return true;
}

// For tables of the generated header, which hide that they are tables.
template <typename T>
bool HasOnlyFieldsUpTo(const T& table, flatbuffers::voffset_t last) {
  return HasOnlyFieldsUpTo(reinterpret_cast<const flatbuffers::Table&>(table), last);
}

// The number of entries of a vector that may be left out.
template <typename T>
size_t SizeOf(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

}  // namespace sotto

#endif  // SOTTO_SRC_TFLITE_KNOWN_FIELDS_H_
