#include <doctest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "codes.h"
#include "contracts.h"
#include "model.h"
#include "network_file.h"
#include "nlohmann/json.hpp"

namespace sotto::neuron {
namespace {

constexpr size_t kHeader = 16;

uint32_t Add(Model* model, int32_t type, const std::vector<uint32_t>& dimensions, float scale = 0) {
  const NeuronOperandType operand = {type, static_cast<uint32_t>(dimensions.size()),
                                     dimensions.data(), scale, 0};
  REQUIRE(model->AddOperand(operand) == kNoError);
  return static_cast<uint32_t>(model->operands().size()) - 1;
}

uint32_t AddInt(Model* model, int32_t value) {
  const uint32_t index = Add(model, kInt32, {});
  REQUIRE(model->SetValue(static_cast<int32_t>(index), &value, sizeof(value)) == kNoError);
  return index;
}

uint32_t AddFloats(Model* model, const std::vector<float>& values) {
  const uint32_t index = Add(model, kTensorFloat32, {static_cast<uint32_t>(values.size())});
  REQUIRE(model->SetValue(static_cast<int32_t>(index), values.data(), 4 * values.size()) ==
          kNoError);
  return index;
}

int AddOperation(Model* model, int32_t code, const std::vector<uint32_t>& inputs,
                 const std::vector<uint32_t>& outputs) {
  return model->AddOperation(code, static_cast<uint32_t>(inputs.size()), inputs.data(),
                             static_cast<uint32_t>(outputs.size()), outputs.data());
}

// x [1, 4] + constant [4] -> [1, 4]; the rest is the caller's.
struct AddedPair {
  Model model;
  uint32_t x = Add(&model, kTensorFloat32, {1, 4});
  uint32_t y = Add(&model, kTensorFloat32, {1, 4});
  uint32_t none = AddInt(&model, 0);
};

}  // namespace

TEST_CASE("An operation that keeps its contract is not refused") {
  AddedPair sum;
  const uint32_t constant = AddFloats(&sum.model, {1, 2, 3, 4});
  REQUIRE(AddOperation(&sum.model, kAdd, {sum.x, constant, sum.none}, {sum.y}) == kNoError);
  CHECK(sum.model.operations()[0].refusal.empty());
}

TEST_CASE("An operation that breaks its contract is kept with the reason") {
  AddedPair sum;
  const uint32_t wide = AddFloats(&sum.model, {1, 2, 3});
  const uint32_t infinite = AddFloats(&sum.model, {1, 2, 3, -1e9F});
  AddOperation(&sum.model, kAdd, {sum.x, wide, sum.none}, {sum.y});
  AddOperation(&sum.model, kAdd, {sum.x, sum.x}, {sum.y});
  AddOperation(&sum.model, kAdd, {sum.x, infinite, sum.none}, {sum.y});
  AddOperation(&sum.model, 77777, {sum.x}, {sum.y});
  const auto& operations = sum.model.operations();
  CHECK(operations[0].refusal == "the shapes [1, 4] and [3] do not broadcast");
  CHECK(operations[1].refusal == "it has 2 inputs");
  CHECK(operations[2].refusal == "a constant is beyond what fp16 holds, or not finite");
  CHECK(operations[3].refusal == "Neuron has no contract of this operation");
}

TEST_CASE("Float activations over int8 weights are refused") {
  Model model;
  const uint32_t x = Add(&model, kTensorFloat32, {1, 4});
  const uint32_t weights = Add(&model, kTensorQuant8Symm, {3, 4}, 0.5F);
  const uint32_t bias = Add(&model, kTensorFloat32, {3});
  const uint32_t y = Add(&model, kTensorFloat32, {1, 3});
  AddOperation(&model, kFullyConnected, {x, weights, bias, AddInt(&model, 0)}, {y});
  CHECK(model.operations()[0].refusal.find("dynamic-range") != std::string::npos);
}

TEST_CASE("Calls that no contract allows fail at once, and say why") {
  AddedPair sum;
  Model& model = sum.model;
  const uint32_t five[] = {1, 1, 1, 1, 0};
  CHECK(model.AddOperand({kTensorFloat32, 5, five, 0, 0}) == kBadData);
  CHECK(model.error().find("static") != std::string::npos);
  CHECK(model.AddOperand({4711, 0, nullptr, 0, 0}) == kBadData);
  CHECK(model.AddOperand({kTensorFloat32, 1, nullptr, 0, 0}) == kUnexpectedNull);
  CHECK(model.AddOperand({kTensorQuant8Symm, 1, five, 0, 0}) == kBadData);  // without a scale
  const float value = 1;
  CHECK(model.SetValue(99, &value, 4) == kBadData);
  CHECK(model.SetValue(static_cast<int32_t>(sum.x), &value, 4) == kBadData);
  CHECK(model.error() == "the value of operand 0 has 4 bytes, not 16");
  CHECK(AddOperation(&model, kAdd, {sum.x, 99, sum.none}, {sum.y}) == kBadData);
}

TEST_CASE("A graph that is not in order is not finished") {
  AddedPair sum;
  AddOperation(&sum.model, kAdd, {sum.x, sum.x, sum.none}, {sum.y});
  CHECK(sum.model.Finish() == kBadData);
  CHECK(sum.model.error() == "operation 0 (ADD) reads operand 0 before anything writes it");
  REQUIRE(sum.model.SetInputsAndOutputs(1, &sum.x, 1, &sum.y) == kNoError);
  CHECK(sum.model.Finish() == kNoError);
  CHECK(sum.model.AddOperand({kInt32, 0, nullptr, 0, 0}) == kBadState);
}

TEST_CASE("A network file holds the graph and its constants, and says what it is") {
  AddedPair sum;
  const std::vector<float> values(64, 1.5F);  // more than are copied
  const uint32_t x = Add(&sum.model, kTensorFloat32, {1, 64});
  const uint32_t y = Add(&sum.model, kTensorFloat32, {1, 64});
  const uint32_t constant = AddFloats(&sum.model, values);
  AddOperation(&sum.model, kMul, {x, constant, sum.none}, {y});
  const std::vector<uint8_t> file = NetworkFile(sum.model, "mt6991");
  CHECK(std::memcmp(file.data(), "SOTTONET", 8) == 0);
  uint32_t length = 0;
  std::memcpy(&length, file.data() + 12, 4);
  REQUIRE(kHeader + length <= file.size());
  CHECK((kHeader + length) % 64 == 0);
  const auto json = nlohmann::json::parse(file.begin() + kHeader, file.begin() + kHeader + length);
  CHECK(json["soc"] == "mt6991");
  CHECK(json["operations"][0]["name"] == "MUL");
  const auto value = json["operands"][constant]["value"];
  REQUIRE(kHeader + length + value[0].get<size_t>() + value[1].get<size_t>() <= file.size());
  CHECK(value[1] == 256);
  CHECK(std::memcmp(file.data() + kHeader + length + value[0].get<size_t>(), values.data(), 256) ==
        0);
}

TEST_CASE("Whatever is called in whatever order, nothing crashes") {
  std::mt19937 random(1);
  const auto any = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  const int32_t codes[] = {0,  1,  2,  3,  4,  6,  9,  11, 14,  17,  18,      19,    22,  23, 25,
                           28, 30, 31, 32, 35, 36, 37, 38, 45,  53,  65,      69,    71,  72, 77,
                           80, 83, 86, 87, 88, 91, 94, 99, 102, 109, 0x10000, 10001, 5555};
  const int32_t types[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 9014, 0x10100, 99};
  const int32_t values[] = {0, 1, 2, 3, -1, 4, 2147483647, -2147483647 - 1};
  int refused = 0, kept = 0;
  for (int round = 0; round < 300; ++round) {
    Model model;
    for (int i = 0; i < 40; ++i) {
      const int32_t type = types[any(std::size(types))];
      const uint32_t rank = any(4) == 0 ? any(7) : IsScalar(type) ? 0 : 1 + any(4);
      std::vector<uint32_t> dimensions(rank);
      for (uint32_t& size : dimensions) size = any(20) == 0 ? 0x80000000U : 1 + any(4);
      const NeuronOperandType operand = {type, rank, dimensions.data(), 0.5F, 0};
      if (model.AddOperand(operand) != kNoError) continue;
      const Operand& added = model.operands().back();
      const size_t bytes = ElementCount(added) * ElementBytes(type);
      if (any(2) == 0 && bytes <= 4096) {
        std::vector<uint8_t> value(bytes + 4);
        for (size_t at = 0; at + 4 <= bytes; at += 4) {
          std::memcpy(value.data() + at, &values[any(std::size(values))], 4);
        }
        if (bytes <= 128) {  // larger ones would have to outlive the model
          model.SetValue(static_cast<int32_t>(model.operands().size()) - 1, value.data(), bytes);
        }
      }
    }
    const auto count = static_cast<uint32_t>(model.operands().size());
    if (count == 0) continue;
    for (int i = 0; i < 60; ++i) {
      std::vector<uint32_t> inputs(any(12)), outputs(any(3));
      for (uint32_t& index : inputs) index = any(count + (any(50) == 0));
      for (uint32_t& index : outputs) index = any(count);
      AddOperation(&model, codes[any(std::size(codes))], inputs, outputs);
    }
    for (const Operation& operation : model.operations()) {
      operation.refusal.empty() ? ++kept : ++refused;
    }
    model.Finish();
    CHECK(NetworkFile(model, "mt6991").size() >= kHeader);
    CHECK(!Report(model, "mt6991").empty());
  }
  CHECK(refused > 1000);
  CHECK(kept > 0);
}

}  // namespace sotto::neuron
