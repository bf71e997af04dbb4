#include "network_reader.h"

#include <cstring>
#include <limits>
#include <utility>

#include "contracts.h"
#include "network_file.h"
#include "nlohmann/json.hpp"

namespace sotto::neuron {
namespace {

using Json = nlohmann::json;

uint32_t IntAt(const uint8_t* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= uint32_t{bytes[i]} << (8 * i);
  return value;
}

// Thrown within this file alone: what is wrong with the file.
struct Damage {
  std::string what;
};

const Json& At(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (!object.is_object() || found == object.end()) {
    throw Damage{std::string("it has no \"") + key + "\""};
  }
  return *found;
}

const Json& ListAt(const Json& object, const char* key) {
  const Json& list = At(object, key);
  if (!list.is_array()) throw Damage{std::string("\"") + key + "\" is no list"};
  return list;
}

template <typename T>
T IntegerOf(const Json& json, const char* what) {
  if (json.is_number_unsigned()) {
    const auto value = json.get<uint64_t>();
    if (value <= static_cast<uint64_t>(std::numeric_limits<T>::max())) {
      return static_cast<T>(value);
    }
  } else if (json.is_number_integer()) {
    const auto value = json.get<int64_t>();
    if (std::is_signed_v<T> && value >= static_cast<int64_t>(std::numeric_limits<T>::min())) {
      return static_cast<T>(value);
    }
  }
  throw Damage{std::string("\"") + what + "\" has no integer where one should be"};
}

float FloatIn(const Json& json) {
  if (!json.is_number()) throw Damage{"a scale is no number"};
  const auto value = json.get<double>();
  if (!(value >= 0 && value <= std::numeric_limits<float>::max())) {
    throw Damage{"a scale is out of its range"};
  }
  return static_cast<float>(value);
}

template <typename T>
std::vector<T> IntegersAt(const Json& object, const char* key) {
  std::vector<T> values;
  for (const Json& value : ListAt(object, key)) values.push_back(IntegerOf<T>(value, key));
  return values;
}

std::string TextAt(const Json& object, const char* key) {
  const Json& text = At(object, key);
  if (!text.is_string()) throw Damage{std::string("\"") + key + "\" is no text"};
  return text.get<std::string>();
}

// The model itself says what it refuses.
void Check(int result, const Model& model) {
  if (result != kNoError) throw Damage{model.error()};
}

void AddOperand(const Json& json, const uint8_t* constants, size_t size, Model* model) {
  const auto dimensions = IntegersAt<uint32_t>(json, "dimensions");
  NeuronOperandType type = {};
  type.type = IntegerOf<int32_t>(At(json, "type"), "type");
  type.dimensionCount = static_cast<uint32_t>(dimensions.size());
  type.dimensions = dimensions.data();
  if (json.contains("scale")) {
    type.scale = FloatIn(At(json, "scale"));
    type.zeroPoint = IntegerOf<int32_t>(At(json, "zero_point"), "zero_point");
  }
  Check(model->AddOperand(type), *model);
  const auto index = static_cast<int32_t>(model->operands().size() - 1);
  if (json.contains("scales")) {
    std::vector<float> scales;
    for (const Json& scale : ListAt(json, "scales")) scales.push_back(FloatIn(scale));
    const auto zero_points = IntegersAt<int32_t>(json, "zero_points");
    for (const int32_t zero_point : zero_points) {
      if (zero_point != 0) throw Damage{"a channel's zero point is not 0"};
    }
    const NeuronPerChannelQuantParams parameters = {
        IntegerOf<uint32_t>(At(json, "channel"), "channel"), static_cast<uint32_t>(scales.size()),
        scales.data(), static_cast<uint32_t>(zero_points.size()), zero_points.data()};
    Check(model->SetChannelScales(index, parameters), *model);
  }
  if (!json.contains("value")) return;
  const auto place = IntegersAt<uint64_t>(json, "value");
  if (place.size() != 2 || place[0] > size || place[1] > size - place[0]) {
    throw Damage{"a constant reaches beyond the file"};
  }
  Check(model->SetValue(index, constants + place[0], place[1]), *model);
}

void AddOperation(const Json& json, Model* model) {
  const auto inputs = IntegersAt<uint32_t>(json, "inputs");
  const auto outputs = IntegersAt<uint32_t>(json, "outputs");
  const auto code = IntegerOf<int32_t>(At(json, "code"), "code");
  Check(model->AddOperation(code, static_cast<uint32_t>(inputs.size()), inputs.data(),
                            static_cast<uint32_t>(outputs.size()), outputs.data()),
        *model);
  const Operation& operation = model->operations().back();
  if (!operation.refusal.empty()) {
    throw Damage{"operation " + std::to_string(model->operations().size() - 1) + " (" +
                 OperationName(code) + "): " + operation.refusal};
  }
}

}  // namespace

sotto::Result<std::shared_ptr<const Network>> Network::Read(const uint8_t* bytes, size_t size,
                                                            const std::string& name) {
  const auto wrong = [&](const std::string& what) {
    return sotto::Error{ErrorCode::kModel, name + what};
  };
  if (size < kNetworkHeader || std::memcmp(bytes, kNetworkMagic, 8) != 0) {
    return wrong(" is no recorded graph of Sotto's neuron_host");
  }
  if (const uint32_t version = IntAt(bytes + 8); version != kNetworkVersion) {
    return wrong(" has version " + std::to_string(version) + "; this Sotto reads " +
                 std::to_string(kNetworkVersion));
  }
  const size_t length = IntAt(bytes + 12);
  if (length > size - kNetworkHeader) return wrong(" is damaged: it is cut off");
  const uint8_t* text = bytes + kNetworkHeader;
  const Json graph = Json::parse(text, text + length, nullptr, /*allow_exceptions=*/false);
  if (!graph.is_object()) return wrong(" is damaged: what it says of itself is no JSON object");
  std::shared_ptr<Network> network(new Network);
  try {
    Model& model = network->model_;
    network->name_ = name;
    network->soc_ = TextAt(graph, "soc");
    for (const Json& operand : ListAt(graph, "operands")) {
      AddOperand(operand, text + length, size - kNetworkHeader - length, &model);
    }
    for (const Json& operation : ListAt(graph, "operations")) AddOperation(operation, &model);
    const auto inputs = IntegersAt<uint32_t>(graph, "inputs");
    const auto outputs = IntegersAt<uint32_t>(graph, "outputs");
    Check(model.SetInputsAndOutputs(static_cast<uint32_t>(inputs.size()), inputs.data(),
                                    static_cast<uint32_t>(outputs.size()), outputs.data()),
          model);
    Check(model.Finish(), model);
  } catch (const Damage& damage) {
    return wrong(" is damaged: " + damage.what);
  }
  return std::shared_ptr<const Network>(std::move(network));
}

}  // namespace sotto::neuron
