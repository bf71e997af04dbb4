#include "executor.h"

#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "small_model.h"

namespace sotto::neuron {
namespace {

using Values = std::vector<float>;

std::string Refused(SmallModel* small, const std::vector<uint32_t>& inputs,
                    const std::vector<uint32_t>& outputs) {
  const std::vector<uint8_t> file = small->File(inputs, outputs);
  const auto network = Network::Read(file.data(), file.size(), "small");
  REQUIRE(network.ok());
  const auto executor = Executor::Create(*network, {}, 1);
  if (executor.ok()) return "";
  CHECK(executor.error().code == ErrorCode::kModel);
  return executor.error().message;
}

}  // namespace

TEST_CASE("In fp16 each tensor is rounded, and what is beyond 65504 is infinite") {
  SmallModel small;
  const uint32_t x = small.Float({1, 4}), y = small.Float({1, 4});
  const uint32_t constant = small.Floats({4}, {1, 1, 2, 1e-9F});
  small.Do(kMul, {x, constant, small.Int(0)}, {y});
  const Values given = {1 + 0x1p-12F, 0.1F, 40000, 1};
  CHECK(small.Run<float, float>(x, given, y) == Values{1, 0.0999755859375F, INFINITY, 0});
}

TEST_CASE("In fp32 nothing is rounded") {
  SmallModel small;
  const uint32_t x = small.Float({1, 2}), y = small.Float({1, 2});
  small.Do(kMul, {x, small.Floats({2}, {1, 2}), small.Int(0)}, {y});
  CHECK(small.Run<float, float>(x, {1 + 0x1p-12F, 40000}, y, kExact) ==
        Values{1 + 0x1p-12F, 80000});
}

TEST_CASE("A fully connected layer is rows by weights, a bias and an activation") {
  SmallModel small;
  const uint32_t x = small.Float({1, 2, 3}), y = small.Float({1, 2, 2});
  const uint32_t weights = small.Floats({2, 3}, {1, 2, 3, -1, -1, -1});
  small.Do(kFullyConnected, {x, weights, small.Floats({2}, {10, 0.5F}), small.Int(1)}, {y});
  CHECK(small.Run<float, float>(x, {1, 1, 1, 0, 0, -1}, y) == Values{16, 0, 7, 1.5F});
}

TEST_CASE("A factor of a batched product may be turned, and its batch may be one for all") {
  SmallModel small;
  const uint32_t x = small.Float({2, 2, 1}), y = small.Float({2, 1, 2});
  const uint32_t right = small.Floats({1, 2, 2}, {1, 2, 3, 4});
  small.Do(kBatchMatmul, {x, right, small.Bool(true), small.Bool(true)}, {y});
  // Rows (1, 2) and (3, 4) by the columns (1, 2) and (3, 4).
  CHECK(small.Run<float, float>(x, {1, 2, 3, 4}, y) == Values{5, 11, 11, 25});
}

TEST_CASE("A convolution looks at its window, and at zeros where that is outside") {
  SmallModel small;
  const uint32_t x = small.Float({1, 1, 4, 1}), y = small.Float({1, 1, 2, 1});
  const uint32_t filter = small.Floats({1, 1, 3, 1}, {1, 10, 100});
  small.Do(kConv2d,
           {x, filter, small.Floats({1}, {0.5F}), small.Int(1), small.Int(2), small.Int(1),
            small.Int(0), small.Bool(false), small.Int(1), small.Int(1)},
           {y});
  // Of 4 elements in steps of 2 one is missing, behind the last.
  CHECK(small.Run<float, float>(x, {1, 2, 3, 4}, y) == Values{321.5F, 43.5F});
}

TEST_CASE("Operands broadcast along any dimension") {
  SmallModel small;
  const uint32_t x = small.Float({2, 1, 2}), y = small.Float({2, 3, 2});
  small.Do(kSub, {x, small.Floats({3, 1}, {1, 2, 3}), small.Int(0)}, {y});
  CHECK(small.Run<float, float>(x, {10, 20, 30, 40}, y) ==
        Values{9, 19, 8, 18, 7, 17, 29, 39, 28, 38, 27, 37});
}

TEST_CASE("Elements move as they are told to") {
  SmallModel small;
  const uint32_t x = small.Float({2, 3}), turned = small.Float({3, 2});
  const uint32_t part = small.Float({2, 2}), padded = small.Float({3, 2});
  const uint32_t both = small.Float({3, 4}), one = small.Float({3, 2}), other = small.Float({3, 2});
  const uint32_t sliced = small.Float({2}), y = small.Float({2, 1});
  small.Do(kTranspose, {x, small.Ints({1, 0})}, {turned});                      // 1 4 / 2 5 / 3 6
  small.Do(kSlice, {turned, small.Ints({1, 0}), small.Ints({2, -1})}, {part});  // 2 5 / 3 6
  small.Do(kPad, {part, small.Constant<int32_t>(kTensorInt32, {2, 2}, {1, 0, 0, 0})}, {padded});
  small.Do(kConcatenation, {padded, turned, small.Int(-1)}, {both});  // 0 0 1 4 / 2 5 2 5 / ...
  small.Do(kSplit, {both, small.Int(1), small.Int(2)}, {one, other});
  small.Do(kStridedSlice,
           {both, small.Ints({2, 3}), small.Ints({0, 0}), small.Ints({1, -2}), small.Int(0),
            small.Int(2), small.Int(1)},
           {sliced});  // row 2, columns 3 and 1
  small.Do(kReshape, {sliced, small.Ints({2, 1})}, {y});
  CHECK(small.Run<float, float>(x, {1, 2, 3, 4, 5, 6}, y) == Values{6, 6});
}

TEST_CASE("Reductions take any dimensions") {
  SmallModel small;
  const uint32_t x = small.Float({2, 2, 3}), sum = small.Float({2}), y = small.Float({2, 1, 1});
  small.Do(kReduceMax, {x, small.Ints({-1, 1}), small.Bool(false)}, {sum});
  small.Do(kReshape, {sum, small.Ints({2, 1, 1})}, {y});
  CHECK(small.Run<float, float>(x, {1, 5, 3, 2, 4, 0, 7, 8, 9, 1, 2, 3}, y) == Values{5, 9});
  SmallModel mean;
  const uint32_t in = mean.Float({2, 3}), out = mean.Float({1, 3});
  mean.Do(kMean, {in, mean.Ints({0}), mean.Int(1)}, {out});
  CHECK(mean.Run<float, float>(in, {1, 2, 3, 3, 4, 9}, out) == Values{2, 3, 6});
}

TEST_CASE("A quantised layer sums integers exactly and rescales them, channel by channel") {
  SmallModel small;
  const uint32_t x = small.Add(kTensorQuant8AsymmSigned, {1, 2}, 0.5F, 1);
  const uint32_t y = small.Add(kTensorQuant8AsymmSigned, {1, 3}, 0.25F, -2);
  const uint32_t weights =
      small.Constant<int8_t>(kTensorQuant8SymmPerChannel, {3, 2}, {10, 20, -1, 3, 127, 127});
  const float scales[] = {0.1F, 1, 2};
  REQUIRE(small.model.SetChannelScales(static_cast<int32_t>(weights), {0, 3, scales, 0, nullptr}) ==
          kNoError);
  small.Do(kFullyConnected, {x, weights, small.Ints({4, 0, 0}), small.Int(0)}, {y});
  // Less the zero point the input is (2, -4): sums -60 + 4, -14 and -254, times 0.5 a scale.
  // (-56 * 0.05) / 0.25 = -11.2; (-14 * 0.5) / 0.25 = -28; -254 / 0.25 is below the type.
  CHECK(small.Run<int8_t, int8_t>(x, {3, -3}, y) == std::vector<int8_t>{-13, -30, -128});
}

TEST_CASE("Integers of 16 bits are summed without overflow") {
  SmallModel small;
  const uint32_t n = 4096;
  const uint32_t x = small.Add(kTensorQuant16Symm, {1, n}, 1);
  const uint32_t y = small.Add(kTensorQuant16Symm, {1, 1}, 1 << 20);
  const std::vector<int8_t> weights(n, 127);
  const uint32_t w = small.Constant<int8_t>(kTensorQuant8Symm, {1, n}, weights, 1);
  small.Do(kFullyConnected, {x, w, small.Ints({0}), small.Int(0)}, {y});
  const double sum = 4096.0 * 32767 * 127;  // far beyond 32 bits
  CHECK(small.Run<int16_t, int16_t>(x, std::vector<int16_t>(n, 32767), y) ==
        std::vector<int16_t>{static_cast<int16_t>(std::lround(sum / (1 << 20)))});
}

TEST_CASE("Floats and integers meet where a graph quantises") {
  SmallModel small;
  const uint32_t x = small.Float({4});
  const uint32_t q = small.Add(kTensorQuant8AsymmSigned, {4}, 0.5F, 0);
  const uint32_t wide = small.Add(kTensorQuant8AsymmSigned, {4}, 1, 3);
  const uint32_t sum = small.Add(kTensorQuant8AsymmSigned, {4}, 1, 0);
  const uint32_t y = small.Float({4});
  small.Do(kQuantize, {x}, {q});
  small.Do(kQuantize, {q}, {wide});
  small.Do(kAdd, {q, wide, small.Int(1)}, {sum});
  small.Do(kDequantize, {sum}, {y});
  CHECK(small.Run<float, float>(x, {1, 2.2F, -3, 100}, y) == Values{2, 4, 0, 127});
}

TEST_CASE("A quantised tensor that moves to another scale is rescaled") {
  SmallModel small;
  const uint32_t x = small.Add(kTensorQuant16Symm, {2}, 0.5F);
  const uint32_t y = small.Add(kTensorQuant16Symm, {4}, 0.25F);
  const uint32_t constant = small.Constant<int16_t>(kTensorQuant16Symm, {2}, {1, 2}, 1);
  small.Do(kConcatenation, {x, constant, small.Int(0)}, {y});
  CHECK(small.Run<int16_t, int16_t>(x, {3, -3}, y) == std::vector<int16_t>{6, -6, 4, 8});
}

TEST_CASE("What pads a quantised tensor is its zero") {
  SmallModel small;
  const uint32_t x = small.Add(kTensorQuant8AsymmSigned, {1}, 0.5F, 7);
  const uint32_t y = small.Add(kTensorQuant8AsymmSigned, {3}, 0.5F, 7);
  small.Do(kPad, {x, small.Constant<int32_t>(kTensorInt32, {1, 2}, {1, 1})}, {y});
  CHECK(small.Run<int8_t, int8_t>(x, {20}, y) == std::vector<int8_t>{7, 20, 7});
}

TEST_CASE("A network's inputs, constants and renamed tensors may be its outputs") {
  SmallModel small;
  const uint32_t x = small.Float({2}), renamed = small.Float({1, 2}), y = small.Float({1, 2});
  const uint32_t constant = small.Floats({2}, {1, 2}), fixed = small.Float({2, 1});
  small.Do(kReshape, {x, small.Ints({1, 2})}, {renamed});
  small.Do(kReshape, {constant, small.Ints({2, 1})}, {fixed});
  small.Do(kAbs, {renamed}, {y});
  const std::vector<uint8_t> file = small.File({x}, {x, constant, renamed, fixed, y});
  const auto network = Network::Read(file.data(), file.size(), "small");
  REQUIRE(network.ok());
  const auto executor = Executor::Create(*network, {}, 1);
  REQUIRE(executor.ok());
  const Values given = {-3, 4};
  std::vector<Values> found(5, Values(2));
  std::vector<void*> to;
  for (Values& one : found) to.push_back(one.data());
  REQUIRE((*executor)->Run({given.data()}, to).ok());
  CHECK(found == std::vector<Values>{{-3, 4}, {1, 2}, {-3, 4}, {1, 2}, {3, 4}});
}

TEST_CASE("A watch sees what each operation gave, though its memory is used again") {
  SmallModel small;
  std::vector<uint32_t> tensors = {small.Float({1, 32})};
  const uint32_t one = small.Floats({1}, {1}), none = small.Int(0);
  for (int i = 0; i < 10; ++i) {
    tensors.push_back(small.Float({1, 32}));
    small.Do(kAdd, {tensors[tensors.size() - 2], one, none}, {tensors.back()});
  }
  const std::vector<uint8_t> file = small.File({tensors[0]}, {tensors.back()});
  const auto network = Network::Read(file.data(), file.size(), "small");
  REQUIRE(network.ok());
  const auto executor = Executor::Create(*network, {}, 2);
  REQUIRE(executor.ok());
  const Values given(32, 0);
  Values found(32), seen;
  const auto watch = [&](size_t operation, const std::vector<TensorView>& outputs) {
    REQUIRE(operation == seen.size());
    REQUIRE(outputs.size() == 1);
    seen.push_back(static_cast<const float*>(outputs[0].data)[31]);
  };
  REQUIRE((*executor)->Run({given.data()}, {found.data()}, watch).ok());
  CHECK(seen == Values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  CHECK(found == Values(32, 10));
}

TEST_CASE("What is not computed is refused by its name") {
  SmallModel ints;
  const uint32_t x = ints.Add(kTensorInt32, {2}), y = ints.Add(kTensorInt32, {2});
  ints.Do(kAdd, {x, x, ints.Int(0)}, {y});
  CHECK(Refused(&ints, {x}, {y}) ==
        "small, operation 0 (ADD): elements of type 4 are not computed");
  SmallModel extension;
  const uint32_t a = extension.Float({2}), b = extension.Float({2});
  const uint32_t name = extension.Constant<char>(kExtensionArgument, {3}, {'X', 'Y', 'Z'});
  extension.Do(kExtensionOperation, {a, a, name}, {b});
  CHECK(Refused(&extension, {a}, {b}) ==
        "small, operation 0 (extension): of the extension's operations only "
        "MTKEXT_SQUARED_DIFFERENCE is computed");
}

TEST_CASE("A graph that needs too much memory is refused") {
  SmallModel small;
  const uint32_t x = small.Float({1U << 31}), y = small.Float({1U << 31});
  small.Do(kAbs, {x}, {y});
  CHECK(Refused(&small, {x}, {y}) == "small needs more than 8 GiB for its tensors");
}

TEST_CASE("Buffers that are not as many as the network's are refused") {
  SmallModel small;
  const uint32_t x = small.Float({1}), y = small.Float({1});
  small.Do(kAbs, {x}, {y});
  const std::vector<uint8_t> file = small.File({x}, {y});
  const auto network = Network::Read(file.data(), file.size(), "small");
  REQUIRE(network.ok());
  const auto executor = Executor::Create(*network, {}, 1);
  REQUIRE(executor.ok());
  CHECK((*executor)->Run({}, {}).error().message ==
        "small has 1 inputs and 1 outputs, but is given 0 and 0");
}

}  // namespace sotto::neuron
