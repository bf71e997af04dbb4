// What may compute graphs in LiteRT's place: a simulator of an NPU, or the modules that they were
// made from.

#ifndef SOTTO_SRC_LITERT_GRAPH_FUNCTION_H_
#define SOTTO_SRC_LITERT_GRAPH_FUNCTION_H_

#include <functional>
#include <string>
#include <vector>

#include "bundle/bundle_parts.h"
#include "sotto/error.h"

namespace sotto {

// One tensor of a graph that runs.
struct GraphTensor {
  const TensorSpec* spec;
  float* data;  // of spec->shape
};

// Computes one signature: reads its inputs and writes its outputs, each in the signature's order.
// An error is that of the run.
using GraphFunction =
    std::function<Result<void>(const std::string& signature, const std::vector<GraphTensor>& inputs,
                               const std::vector<GraphTensor>& outputs)>;

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_GRAPH_FUNCTION_H_
