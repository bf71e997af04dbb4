#include "whisper/whisper_shapes.h"

#include <doctest.h>

#include <string>
#include <vector>

#include "small_bundle.h"

namespace sotto {
namespace {

using Shape = std::vector<int32_t>;

const DecoderSpec kTiny = {
    /*layers=*/4,    /*heads=*/6,   /*kv_heads=*/6,       /*width=*/384,
    /*context=*/448, /*cache=*/448, /*vocabulary=*/51864, /*masked=*/-1e4f};

TEST_CASE("the shapes are those of the graphs: keys transposed, one position a step") {
  CHECK(LogMelShapeOf(80, 1000).shape == Shape{1, 80, 1000});
  const std::vector<TensorSpec> cross = CrossShapesOf(kTiny, 1000);
  REQUIRE(cross.size() == 8);
  CHECK(cross[0].name == "cross_k_0");
  CHECK(cross[0].shape == Shape{1, 6, 500, 64});
  CHECK(cross[7].name == "cross_v_3");
  CHECK(cross[7].shape == Shape{1, 6, 64, 500});
  const BlockShapes step = StepShapesOf(kTiny, 1000);
  REQUIRE(step.inputs.size() == 18);
  CHECK(step.inputs[0].shape == Shape{1, 1, 384});
  CHECK(step.inputs[1].shape == Shape{1, 1, 1, 449});
  CHECK(step.inputs[2].shape == Shape{1, 6, 448, 64});
  CHECK(step.inputs[6].shape == Shape{1, 6, 64, 448});
  REQUIRE(step.outputs.size() == 9);
  CHECK(step.outputs[0].shape == Shape{1, 6, 1, 64});
  CHECK(step.outputs[4].shape == Shape{1, 6, 64, 1});
  CHECK(step.outputs[8].shape == Shape{1, 1, 51864});
}

TEST_CASE("an alignment graph takes a block over the decoder's caches, and gives its scores") {
  const BlockShapes shapes = AlignmentShapesOf(kTiny, 1000, 64, 8);
  const BlockShapes step = StepShapesOf(kTiny, 1000);
  REQUIRE(shapes.inputs.size() == step.inputs.size());
  CHECK(shapes.inputs[0].shape == Shape{1, 64, 384});
  CHECK(shapes.inputs[1].shape == Shape{1, 1, 64, 512});
  for (size_t i = 2; i < shapes.inputs.size(); ++i) {
    CHECK(shapes.inputs[i].name == step.inputs[i].name);
    CHECK(shapes.inputs[i].shape == step.inputs[i].shape);
  }
  REQUIRE(shapes.outputs.size() == 10);
  CHECK(shapes.outputs[0].shape == Shape{1, 6, 64, 64});
  CHECK(shapes.outputs[4].shape == Shape{1, 6, 64, 64});
  CHECK(shapes.outputs[8].shape == Shape{1, 64, 51864});
  CHECK(shapes.outputs[9].name == "attention");
  CHECK(shapes.outputs[9].shape == Shape{1, 8, 64, 500});
}

TEST_CASE("an alignment graph may be missing; one of other shapes is a fault") {
  WhisperBundle bundle = SmallBundleValues();
  Window& window = bundle.windows[0];
  window.alignment->outputs.back().shape = {1, 2, 4, 50};
  REQUIRE(WrongShapes(bundle, window).size() == 1);
  CHECK(WrongShapes(bundle, window)[0] ==
        "signature align_1s has attention of shape [1, 2, 4, 50], its dims need [1, 3, 4, 50]");
  window.alignment->inputs.erase(window.alignment->inputs.begin());  // hidden
  REQUIRE(WrongShapes(bundle, window).size() == 1);
  CHECK(WrongShapes(bundle, window)[0] == "signature align_1s takes 0 positions, expected 1 to 5");
  window.alignment.reset();
  CHECK(WrongShapes(bundle, window).empty());
}

TEST_CASE("a prompt's graph takes a block, and gives its keys and values alone") {
  const BlockShapes shapes = PrefillShapesOf(kTiny, 1000, 32);
  CHECK(shapes.inputs[0].shape == Shape{1, 32, 384});
  CHECK(shapes.inputs[1].shape == Shape{1, 1, 32, 480});
  REQUIRE(shapes.outputs.size() == 8);
  CHECK(shapes.outputs[0].shape == Shape{1, 6, 32, 64});
  CHECK(shapes.outputs[4].shape == Shape{1, 6, 64, 32});
}

TEST_CASE("a prompt's graph may be missing; one with a block beyond the cache is a fault") {
  WhisperBundle bundle = SmallBundleValues();
  Window& window = bundle.windows[0];
  window.prefill->inputs[0].shape = {1, 6, 8};
  REQUIRE(WrongShapes(bundle, window).size() == 1);
  CHECK(WrongShapes(bundle, window)[0] ==
        "signature prefill_1s takes 6 positions, expected 1 to 5");
  window.prefill.reset();
  CHECK(WrongShapes(bundle, window).empty());
}

TEST_CASE("signatures as the dims need them have no fault, in whatever order") {
  WhisperBundle bundle = SmallBundleValues();
  CHECK(WrongShapes(bundle, bundle.windows[0]).empty());
  std::swap(bundle.windows[0].decoder.inputs[0], bundle.windows[0].decoder.inputs[5]);
  CHECK(WrongShapes(bundle, bundle.windows[0]).empty());
}

TEST_CASE("each difference is a sentence with the tensor and both shapes") {
  WhisperBundle bundle = SmallBundleValues();
  Window& window = bundle.windows[0];
  window.encoder.inputs[0].shape = {1, 8, 101};
  window.encoder.outputs[1].name = "cross_k_9";
  window.decoder.outputs.pop_back();
  const std::vector<std::string> faults = WrongShapes(bundle, window);
  REQUIRE(faults.size() == 4);
  CHECK(faults[0] ==
        "signature encode_1s has log_mel of shape [1, 8, 101], its dims need [1, 8, 100]");
  CHECK(faults[1] == "signature encode_1s lacks cross_k_1");
  CHECK(faults[2] == "signature decode_1s has 4 tensors on one side, its dims need 5");
  CHECK(faults[3] == "signature decode_1s lacks logits");
}

TEST_CASE("a tensor too many is a fault") {
  WhisperBundle bundle = SmallBundleValues();
  bundle.windows[0].decoder.inputs.push_back({"position", {1}});
  CHECK(WrongShapes(bundle, bundle.windows[0]).size() == 1);
}

}  // namespace
}  // namespace sotto
