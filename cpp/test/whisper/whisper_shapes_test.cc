#include "whisper/whisper_shapes.h"

#include <doctest.h>

#include <string>
#include <vector>

#include "small_bundle.h"

namespace sotto {
namespace {

using Shape = std::vector<int32_t>;

TEST_CASE("a layer's tensor is named by its number") {
  CHECK(LayerName("cross_k", 3) == "cross_k_3");
}

TEST_CASE("the shapes are those of the graphs: keys transposed, one position a step") {
  const Dims dims = {80, 1500, 384, 6, 4, 51864, 448, 384, 6, 4};
  const WindowShapes shapes = ShapesOf(dims, 1000, 448);
  REQUIRE(shapes.encoder_inputs.size() == 1);
  CHECK(shapes.encoder_inputs[0].shape == Shape{1, 80, 1000});
  REQUIRE(shapes.encoder_outputs.size() == 8);
  CHECK(shapes.encoder_outputs[0].name == "cross_k_0");
  CHECK(shapes.encoder_outputs[0].shape == Shape{1, 6, 500, 64});
  CHECK(shapes.encoder_outputs[7].name == "cross_v_3");
  CHECK(shapes.encoder_outputs[7].shape == Shape{1, 6, 64, 500});
  REQUIRE(shapes.decoder_inputs.size() == 18);
  CHECK(shapes.decoder_inputs[0].shape == Shape{1, 1, 384});
  CHECK(shapes.decoder_inputs[1].shape == Shape{1, 1, 1, 449});
  CHECK(shapes.decoder_inputs[2].shape == Shape{1, 6, 448, 64});
  CHECK(shapes.decoder_inputs[6].shape == Shape{1, 6, 64, 448});
  REQUIRE(shapes.decoder_outputs.size() == 9);
  CHECK(shapes.decoder_outputs[0].shape == Shape{1, 1, 51864});
  CHECK(shapes.decoder_outputs[1].shape == Shape{1, 6, 1, 64});
  CHECK(shapes.decoder_outputs[5].shape == Shape{1, 6, 64, 1});
}

TEST_CASE("an alignment graph takes a block over the decoder's caches, and gives its scores") {
  const Dims dims = {80, 1500, 384, 6, 4, 51864, 448, 384, 6, 4};
  const BlockShapes shapes = AlignmentShapesOf(dims, 1000, 448, 64, 8);
  const WindowShapes step = ShapesOf(dims, 1000, 448);
  REQUIRE(shapes.inputs.size() == step.decoder_inputs.size());
  CHECK(shapes.inputs[0].shape == Shape{1, 64, 384});
  CHECK(shapes.inputs[1].shape == Shape{1, 1, 64, 512});
  for (size_t i = 2; i < shapes.inputs.size(); ++i) {
    CHECK(shapes.inputs[i].name == step.decoder_inputs[i].name);
    CHECK(shapes.inputs[i].shape == step.decoder_inputs[i].shape);
  }
  REQUIRE(shapes.outputs.size() == 10);
  CHECK(shapes.outputs[0].shape == Shape{1, 64, 51864});
  CHECK(shapes.outputs[1].shape == Shape{1, 6, 64, 64});
  CHECK(shapes.outputs[5].shape == Shape{1, 6, 64, 64});
  CHECK(shapes.outputs[9].name == "attention");
  CHECK(shapes.outputs[9].shape == Shape{1, 8, 64, 500});
  CHECK(BlockOf({"align_10s", nullptr, shapes.inputs, shapes.outputs}) == 64);
  CHECK(BlockOf({"align_10s", nullptr, {}, {}}) == 0);
}

TEST_CASE("an alignment graph may be missing; one of other shapes is a fault") {
  Bundle bundle = SmallBundleValues();
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
  const Dims dims = {80, 1500, 384, 6, 4, 51864, 448, 384, 6, 4};
  const BlockShapes shapes = PrefillShapesOf(dims, 1000, 448, 32);
  CHECK(shapes.inputs[0].shape == Shape{1, 32, 384});
  CHECK(shapes.inputs[1].shape == Shape{1, 1, 32, 480});
  REQUIRE(shapes.outputs.size() == 8);
  CHECK(shapes.outputs[0].shape == Shape{1, 6, 32, 64});
  CHECK(shapes.outputs[4].shape == Shape{1, 6, 64, 32});
}

TEST_CASE("a prompt's graph may be missing; one with a block beyond the cache is a fault") {
  Bundle bundle = SmallBundleValues();
  Window& window = bundle.windows[0];
  window.prefill->inputs[0].shape = {1, 6, 8};
  REQUIRE(WrongShapes(bundle, window).size() == 1);
  CHECK(WrongShapes(bundle, window)[0] ==
        "signature prefill_1s takes 6 positions, expected 1 to 5");
  window.prefill.reset();
  CHECK(WrongShapes(bundle, window).empty());
}

TEST_CASE("signatures as the dims need them have no fault, in whatever order") {
  Bundle bundle = SmallBundleValues();
  CHECK(WrongShapes(bundle, bundle.windows[0]).empty());
  std::swap(bundle.windows[0].decoder.inputs[0], bundle.windows[0].decoder.inputs[5]);
  CHECK(WrongShapes(bundle, bundle.windows[0]).empty());
}

TEST_CASE("each difference is a sentence with the tensor and both shapes") {
  Bundle bundle = SmallBundleValues();
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
  CHECK(faults[3] == "signature decode_1s lacks new_v_1");
}

TEST_CASE("a tensor too many is a fault") {
  Bundle bundle = SmallBundleValues();
  bundle.windows[0].decoder.inputs.push_back({"position", {1}});
  CHECK(WrongShapes(bundle, bundle.windows[0]).size() == 1);
}

}  // namespace
}  // namespace sotto
