#include "decode/decoder_tensors.h"

#include <doctest.h>

#include <vector>

namespace sotto {
namespace {

using Shape = std::vector<int32_t>;

TEST_CASE("a layer's tensor is named by its number") {
  CHECK(LayerName("self_k", 3) == "self_k_3");
}

TEST_CASE("caches have the heads of keys and values, which queries may share") {
  const DecoderSpec spec = {
      /*layers=*/2,   /*heads=*/9,  /*kv_heads=*/3,     /*width=*/576,
      /*context=*/64, /*cache=*/48, /*vocabulary=*/100, /*masked=*/-1e4f};
  const BlockShapes shapes = BlockShapesOf(spec, 8);
  REQUIRE(shapes.inputs.size() == 6);
  CHECK(shapes.inputs[0].shape == Shape{1, 8, 576});
  CHECK(shapes.inputs[1].shape == Shape{1, 1, 8, 56});
  CHECK(shapes.inputs[2].shape == Shape{1, 3, 48, 64});
  CHECK(shapes.inputs[5].name == "self_v_1");
  CHECK(shapes.inputs[5].shape == Shape{1, 3, 64, 48});
  REQUIRE(shapes.outputs.size() == 4);
  CHECK(shapes.outputs[0].shape == Shape{1, 3, 8, 64});
  CHECK(shapes.outputs[3].name == "new_v_1");
  CHECK(shapes.outputs[3].shape == Shape{1, 3, 64, 8});
  CHECK(LogitsOf(spec, 8).shape == Shape{1, 8, 100});
}

TEST_CASE("the size of a block is read off its hidden state") {
  CHECK(BlockOf({{"mask", {1, 1, 4, 9}}, {"hidden", {1, 4, 8}}}) == 4);
  CHECK(BlockOf({}) == 0);
}

}  // namespace
}  // namespace sotto
