#include "network_file.h"

#include <cstring>

#include "alignment.h"
#include "contracts.h"
#include "nlohmann/json.hpp"

namespace sotto::neuron {
namespace {

using Json = nlohmann::json;

Json OperandJson(const Operand& operand) {
  Json json = {{"type", operand.type}, {"dimensions", operand.dimensions}};
  if (operand.scale != 0) {
    json["scale"] = operand.scale;
    json["zero_point"] = operand.zero_point;
  }
  if (!operand.scales.empty()) {
    json["channel"] = operand.channel;
    json["scales"] = operand.scales;
    json["zero_points"] = operand.zero_points;
  }
  return json;
}

void PutInt(std::vector<uint8_t>& file, size_t at, uint32_t value) {
  for (int i = 0; i < 4; ++i) file[at + static_cast<size_t>(i)] = (value >> (8 * i)) & 0xff;
}

}  // namespace

std::vector<uint8_t> NetworkFile(const Model& model, const std::string& soc) {
  Json operands = Json::array(), operations = Json::array();
  size_t bytes = 0;
  for (const Operand& operand : model.operands()) {
    Json json = OperandJson(operand);
    if (operand.IsConstant()) {
      json["value"] = {bytes, operand.bytes};
      bytes = Aligned(bytes + operand.bytes);
    }
    operands.push_back(std::move(json));
  }
  for (const Operation& operation : model.operations()) {
    operations.push_back({{"code", operation.code},
                          {"name", OperationName(operation.code)},
                          {"inputs", operation.inputs},
                          {"outputs", operation.outputs}});
  }
  std::string text = Json{{"library", "sotto neuron_host"},
                          {"soc", soc},
                          {"name", model.name()},
                          {"relaxed", model.relaxed()},
                          {"inputs", model.inputs()},
                          {"outputs", model.outputs()},
                          {"operands", std::move(operands)},
                          {"operations", std::move(operations)}}
                         .dump();
  text.resize(Aligned(kNetworkHeader + text.size()) - kNetworkHeader, ' ');
  std::vector<uint8_t> file(kNetworkHeader + text.size() + bytes);
  std::memcpy(file.data(), kNetworkMagic, 8);
  PutInt(file, 8, kNetworkVersion);
  PutInt(file, 12, static_cast<uint32_t>(text.size()));
  std::memcpy(file.data() + kNetworkHeader, text.data(), text.size());
  size_t at = kNetworkHeader + text.size();
  for (const Operand& operand : model.operands()) {
    if (!operand.IsConstant()) continue;
    std::memcpy(file.data() + at, operand.value, operand.bytes);
    at += Aligned(operand.bytes);
  }
  return file;
}

std::string Report(const Model& model, const std::string& soc) {
  Json operations = Json::array();
  for (const Operation& operation : model.operations()) {
    Json json = {{"name", OperationName(operation.code)}};
    if (!operation.refusal.empty()) json["refusal"] = operation.refusal;
    operations.push_back(std::move(json));
  }
  return Json{{"soc", soc},
              {"graph", model.name()},
              {"operands", model.operands().size()},
              {"operations", std::move(operations)}}
      .dump();
}

}  // namespace sotto::neuron
