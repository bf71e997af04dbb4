// What Python says of a decoder and its graphs: sotto.bundle's DecoderSpec and Signature.

#ifndef SOTTO_PYTHON_DECODER_ARGUMENTS_H_
#define SOTTO_PYTHON_DECODER_ARGUMENTS_H_

#include <pybind11/pybind11.h>

#include "bundle/bundle_parts.h"
#include "decode/decoder_spec.h"

namespace sotto {

// Throws ModelError if there is no such decoder.
DecoderSpec SpecOf(const pybind11::object& spec);

// Without a file.
Signature SignatureOf(const pybind11::object& graph);

}  // namespace sotto

#endif  // SOTTO_PYTHON_DECODER_ARGUMENTS_H_
