#include <doctest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "small_model.h"

namespace sotto::neuron {
namespace {

constexpr size_t kMaxBytes = 1 << 20;  // of a graph's inputs and outputs that is still run

// A graph with many kinds of operations, floats and integers among them.
std::vector<uint8_t> Recorded() {
  SmallModel small;
  const uint32_t x = small.Float({1, 4, 4, 2}), convolved = small.Float({1, 4, 4, 3});
  std::vector<float> filter(3 * 3 * 3 * 2, 0.25F);
  small.Do(
      kConv2d,
      {x, small.Floats({3, 3, 3, 2}, filter), small.Floats({3}, {1, 2, 3}), small.Int(1),
       small.Int(1), small.Int(1), small.Int(1), small.Bool(false), small.Int(1), small.Int(1)},
      {convolved});
  const uint32_t rows = small.Float({1, 16, 3}), soft = small.Float({1, 16, 3});
  small.Do(kReshape, {convolved, small.Ints({1, 16, 3})}, {rows});
  small.Do(kSoftmax, {rows, small.Number(1)}, {soft});
  const uint32_t product = small.Float({1, 16, 16}), mean = small.Float({1, 16, 1});
  small.Do(kBatchMatmul, {rows, soft, small.Bool(false), small.Bool(true)}, {product});
  small.Do(kMean, {product, small.Ints({-1}), small.Int(1)}, {mean});
  const uint32_t less = small.Float({1, 16, 16}),
                 q = small.Add(kTensorQuant16Symm, {1, 16, 16}, 0.1F);
  small.Do(kSub, {product, mean, small.Int(0)}, {less});
  small.Do(kQuantize, {less}, {q});
  const uint32_t dense = small.Add(kTensorQuant16Symm, {1, 16, 5}, 0.2F);
  const uint32_t weights =
      small.Constant<int8_t>(kTensorQuant8SymmPerChannel, {5, 16}, std::vector<int8_t>(80, 3));
  const float scales[] = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F};
  REQUIRE(small.model.SetChannelScales(static_cast<int32_t>(weights), {0, 5, scales, 0, nullptr}) ==
          kNoError);
  small.Do(kFullyConnected, {q, weights, small.Ints({1, 2, 3, 4, 5}), small.Int(0)}, {dense});
  const uint32_t turned = small.Add(kTensorQuant16Symm, {1, 5, 16}, 0.2F);
  const uint32_t padded = small.Add(kTensorQuant16Symm, {1, 6, 16}, 0.2F);
  const uint32_t part = small.Add(kTensorQuant16Symm, {1, 2, 8}, 0.2F);
  const uint32_t left = small.Add(kTensorQuant16Symm, {1, 2, 4}, 0.2F);
  const uint32_t right = small.Add(kTensorQuant16Symm, {1, 2, 4}, 0.2F);
  const uint32_t gelu = small.Add(kTensorQuant16Symm, {1, 2, 4}, 0.1F);
  const uint32_t both = small.Add(kTensorQuant16Symm, {1, 4, 4}, 0.2F);
  const uint32_t y = small.Float({1, 4, 4});
  small.Do(kTranspose, {dense, small.Ints({0, 2, 1})}, {turned});
  small.Do(kPad, {turned, small.Constant<int32_t>(kTensorInt32, {3, 2}, {0, 0, 1, 0, 0, 0})},
           {padded});
  small.Do(kStridedSlice,
           {padded, small.Ints({0, 1, 0}), small.Ints({1, 5, 16}), small.Ints({1, 2, 2}),
            small.Int(0), small.Int(0), small.Int(0)},
           {part});
  small.Do(kSplit, {part, small.Int(-1), small.Int(2)}, {left, right});
  small.Do(kGeluV2, {left, small.Constant<uint32_t>(kUint32, {}, {1})}, {gelu});
  small.Do(kConcatenation, {gelu, right, small.Int(1)}, {both});
  small.Do(kDequantize, {both}, {y});
  return small.File({x}, {y});
}

struct Outcome {
  int unread = 0, refused = 0, ran = 0;
};

void Try(const std::vector<uint8_t>& file, Outcome* outcome) {
  const auto network = Network::Read(file.data(), file.size(), "damaged");
  if (!network.ok()) {
    REQUIRE(!network.error().message.empty());
    ++outcome->unread;
    return;
  }
  const auto executor = Executor::Create(*network, {}, 1);
  if (!executor.ok()) {
    REQUIRE(!executor.error().message.empty());
    ++outcome->refused;
    return;
  }
  std::vector<std::vector<uint8_t>> buffers;
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  size_t bytes = 0;
  for (size_t i = 0; i < (*network)->inputs().size(); ++i) bytes += (*executor)->input_bytes(i);
  for (size_t i = 0; i < (*network)->outputs().size(); ++i) bytes += (*executor)->output_bytes(i);
  if (bytes > kMaxBytes) return;
  for (size_t i = 0; i < (*network)->inputs().size(); ++i) {
    buffers.emplace_back((*executor)->input_bytes(i), uint8_t{60});
    inputs.push_back(buffers.back().data());
  }
  for (size_t i = 0; i < (*network)->outputs().size(); ++i) {
    buffers.emplace_back((*executor)->output_bytes(i));
    outputs.push_back(buffers.back().data());
  }
  REQUIRE((*executor)->Run(inputs, outputs).ok());
  ++outcome->ran;
}

}  // namespace

TEST_CASE("A network that was altered anywhere is refused or runs, but does not crash") {
  const std::vector<uint8_t> recorded = Recorded();
  Outcome outcome;
  Try(recorded, &outcome);
  REQUIRE(outcome.ran == 1);
  std::mt19937 random(1);
  const auto any = [&](size_t limit) { return static_cast<size_t>(random() % limit); };
  for (int round = 0; round < 4000; ++round) {
    std::vector<uint8_t> file = recorded;
    for (size_t change = 0; change <= any(3); ++change) {
      uint8_t& byte = file[any(file.size())];
      // Digits for digits keep most of the JSON readable.
      byte = byte >= '0' && byte <= '9' ? static_cast<uint8_t>('0' + any(10))
                                        : static_cast<uint8_t>(any(256));
    }
    Try(file, &outcome);
  }
  CHECK(outcome.unread > 100);
  CHECK(outcome.ran > 100);
}

// Whole numbers of the JSON become others, which keeps it readable: shapes, types, places, codes.
TEST_CASE("A network whose numbers were altered is refused or runs, but does not crash") {
  const std::vector<uint8_t> recorded = Recorded();
  std::vector<size_t> numbers;
  for (size_t i = 17; i + 1 < recorded.size(); ++i) {
    const auto digit = [&](size_t at) { return recorded[at] >= '0' && recorded[at] <= '9'; };
    const uint8_t before = recorded[i - 1], after = recorded[i + 1];
    if (digit(i) && (before == '[' || before == ',' || before == ':') &&
        (after == ',' || after == ']' || after == '}')) {
      numbers.push_back(i);  // of one digit
    }
  }
  REQUIRE(numbers.size() > 100);
  const char* others[] = {"0",  "1",  "2",  "3",     "4",          "5",         "7",
                          "8",  "11", "13", "14",    "18",         "25",        "30",
                          "36", "-1", "64", "65536", "1073741824", "4294967295"};
  std::mt19937 random(2);
  Outcome outcome;
  for (int round = 0; round < 4000; ++round) {
    std::string text(recorded.begin(), recorded.end());
    // From the last to the first, so that places stay right.
    size_t at = numbers[random() % numbers.size()];
    for (size_t change = 0; change <= random() % 2; ++change) {
      const std::string other = others[random() % std::size(others)];
      text.replace(at, 1, other);
      // What the number takes more, the spaces behind the JSON give.
      const size_t space = text.find("  ", at);
      if (space == std::string::npos || space + other.size() > text.size()) break;
      text.erase(space, other.size() - 1);
      at = numbers[random() % numbers.size()];
      if (text[at] < '0' || text[at] > '9') break;
    }
    Try({text.begin(), text.end()}, &outcome);
  }
  CHECK(outcome.unread > 100);
  CHECK(outcome.refused > 0);
  CHECK(outcome.ran > 100);
}

}  // namespace sotto::neuron
