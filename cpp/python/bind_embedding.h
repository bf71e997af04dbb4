// Binding of EmbeddingModel.

#ifndef SOTTO_PYTHON_BIND_EMBEDDING_H_
#define SOTTO_PYTHON_BIND_EMBEDDING_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindEmbedding(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_EMBEDDING_H_
