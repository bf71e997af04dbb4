// Graphs of a few operations, made by hand.

#ifndef SOTTO_NEURON_HOST_TEST_SMALL_MODEL_H_
#define SOTTO_NEURON_HOST_TEST_SMALL_MODEL_H_

#include <doctest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <vector>

#include "codes.h"
#include "executor.h"
#include "model.h"
#include "network_file.h"
#include "network_reader.h"

namespace sotto::neuron {

// A model, its constants' memory, and the network that a file of it is read as.
class SmallModel {
 public:
  Model model;

  uint32_t Add(int32_t type, const std::vector<uint32_t>& dimensions, float scale = 0,
               int32_t zero_point = 0) {
    const NeuronOperandType operand = {type, static_cast<uint32_t>(dimensions.size()),
                                       dimensions.data(), scale, zero_point};
    REQUIRE(model.AddOperand(operand) == kNoError);
    return static_cast<uint32_t>(model.operands().size()) - 1;
  }

  uint32_t Float(const std::vector<uint32_t>& dimensions) {
    return Add(kTensorFloat32, dimensions);
  }

  template <typename T>
  uint32_t Constant(int32_t type, const std::vector<uint32_t>& dimensions,
                    const std::vector<T>& values, float scale = 0, int32_t zero_point = 0) {
    const uint32_t index = Add(type, dimensions, scale, zero_point);
    const auto* first = reinterpret_cast<const uint8_t*>(values.data());
    constants_.push_back(std::make_unique<std::vector<uint8_t>>(
        first, first + values.size() * sizeof(T)));  // the model may point there
    REQUIRE(model.SetValue(static_cast<int32_t>(index), constants_.back()->data(),
                           constants_.back()->size()) == kNoError);
    return index;
  }

  uint32_t Floats(const std::vector<uint32_t>& dimensions, const std::vector<float>& values) {
    return Constant(kTensorFloat32, dimensions, values);
  }
  uint32_t Ints(const std::vector<int32_t>& values) {
    return Constant(kTensorInt32, {static_cast<uint32_t>(values.size())}, values);
  }
  uint32_t Int(int32_t value) { return Constant<int32_t>(kInt32, {}, {value}); }
  uint32_t Number(float value) { return Constant<float>(kFloat32, {}, {value}); }
  uint32_t Bool(bool value) { return Constant<uint8_t>(kBool, {}, {value}); }

  void Do(int32_t code, const std::vector<uint32_t>& inputs, const std::vector<uint32_t>& outputs) {
    REQUIRE(model.AddOperation(code, static_cast<uint32_t>(inputs.size()), inputs.data(),
                               static_cast<uint32_t>(outputs.size()), outputs.data()) == kNoError);
    CHECK(model.operations().back().refusal == "");
  }

  std::vector<uint8_t> File(const std::vector<uint32_t>& inputs,
                            const std::vector<uint32_t>& outputs) {
    REQUIRE(model.SetInputsAndOutputs(static_cast<uint32_t>(inputs.size()), inputs.data(),
                                      static_cast<uint32_t>(outputs.size()),
                                      outputs.data()) == kNoError);
    REQUIRE(model.Finish() == kNoError);
    return NetworkFile(model, "mt6991");
  }

  // Runs the graph once, by way of a file.
  template <typename In, typename Out>
  std::vector<Out> Run(uint32_t input, const std::vector<In>& values, uint32_t output,
                       const Arithmetic& arithmetic = {}, int threads = 2) {
    const std::vector<uint8_t> file = File({input}, {output});
    auto network = Network::Read(file.data(), file.size(), "small");
    REQUIRE_MESSAGE(network.ok(), (network.ok() ? "" : network.error().message));
    auto executor = Executor::Create(*network, arithmetic, threads);
    REQUIRE_MESSAGE(executor.ok(), (executor.ok() ? "" : executor.error().message));
    REQUIRE((*executor)->input_bytes(0) == values.size() * sizeof(In));
    std::vector<Out> result((*executor)->output_bytes(0) / sizeof(Out));
    REQUIRE((*executor)->Run({values.data()}, {result.data()}).ok());
    return result;
  }

 private:
  std::vector<std::unique_ptr<std::vector<uint8_t>>> constants_;
};

constexpr Arithmetic kExact = {Arithmetic::Storage::kFloat32, Arithmetic::Sums::kFloat32,
                               Arithmetic::Gelu::kErf};

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_TEST_SMALL_MODEL_H_
