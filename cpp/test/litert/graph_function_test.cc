#include "litert/graph_function.h"

#include <doctest.h>

#include <string>
#include <vector>

#include "litert/bound_graph.h"
#include "litert/compiled_files.h"

namespace sotto {
namespace {

Signature Sum() {
  Signature signature;
  signature.name = "sum";
  signature.inputs = {{"b", {2, 3}}, {"a", {2, 3}}};
  signature.outputs = {{"c", {2, 3}}};
  return signature;
}

TEST_CASE("a function computes a graph in LiteRT's place, over the same buffers") {
  std::vector<std::string> seen;
  CompiledFiles files([&](const std::string& signature, const std::vector<GraphTensor>& inputs,
                          const std::vector<GraphTensor>& outputs) -> Result<void> {
    seen.push_back(signature + " " + inputs[0].spec->name + " " + inputs[1].spec->name);
    for (size_t i = 0; i < outputs[0].spec->elements(); ++i) {
      outputs[0].data[i] = inputs[0].data[i] - inputs[1].data[i];
    }
    return {};
  });
  auto made = BoundGraph::Create(&files, Sum());
  REQUIRE(made.ok());
  BoundGraph& graph = **made;
  CHECK(graph.tensor("a").data()[5] == 0);  // as all buffers are when they are made
  graph.tensor("b").data()[5] = 3;
  graph.tensor("a").data()[5] = 1;
  REQUIRE(graph.Run().ok());
  CHECK(graph.tensor("c").data()[5] == 2);
  CHECK(seen == std::vector<std::string>{"sum b a"});
  CHECK(files.runs() == 1);
}

TEST_CASE("a function's error is the run's") {
  CompiledFiles files([](const std::string&, const std::vector<GraphTensor>&,
                         const std::vector<GraphTensor>&) -> Result<void> {
    return Error{ErrorCode::kDevice, "no luck"};
  });
  auto graph = BoundGraph::Create(&files, Sum());
  REQUIRE(graph.ok());
  const auto done = (*graph)->Run();
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().code == ErrorCode::kDevice);
  CHECK(done.error().message == "no luck");
}

TEST_CASE("a buffer that a function's graph lacks is named") {
  CompiledFiles files([](const std::string&, const std::vector<GraphTensor>&,
                         const std::vector<GraphTensor>&) -> Result<void> { return {}; });
  auto graph = Graph::Create(&files, Sum());
  REQUIRE(graph.ok());
  const auto binding = (*graph)->MakeBinding({});
  REQUIRE_FALSE(binding.ok());
  CHECK(binding.error().message == "signature sum: tensor b [2, 3] has no buffer of its size");
}

}  // namespace
}  // namespace sotto
