// How the tensors that a manifest lists differ from those that its dims need.

#ifndef SOTTO_SRC_BUNDLE_TENSOR_SPECS_H_
#define SOTTO_SRC_BUNDLE_TENSOR_SPECS_H_

#include <string>
#include <vector>

#include "bundle/bundle_parts.h"

namespace sotto {

// Adds one sentence a difference, in whatever order the tensors are.
void CompareTensors(const std::string& signature, const std::vector<TensorSpec>& expected,
                    const std::vector<TensorSpec>& actual, std::vector<std::string>* faults);

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_TENSOR_SPECS_H_
