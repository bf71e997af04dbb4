#include "network_reader.h"

#include <doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "small_model.h"

namespace sotto::neuron {
namespace {

std::string Complaint(const std::vector<uint8_t>& file) {
  const auto network = Network::Read(file.data(), file.size(), "the file");
  if (network.ok()) return "";
  CHECK(network.error().code == ErrorCode::kModel);
  return network.error().message;
}

std::vector<uint8_t> FileOf(const std::string& json, const std::string& constants = "",
                            uint8_t version = 1) {
  std::vector<uint8_t> file = {'S', 'O', 'T', 'T', 'O', 'N', 'E', 'T', version, 0, 0, 0};
  for (int i = 0; i < 4; ++i) file.push_back(static_cast<uint8_t>(json.size() >> (8 * i)));
  file.insert(file.end(), json.begin(), json.end());
  file.insert(file.end(), constants.begin(), constants.end());
  return file;
}

std::vector<uint8_t> SumFile(SmallModel* small) {
  const uint32_t x = small->Float({1, 64}), y = small->Float({1, 64});
  const uint32_t constant = small->Floats({64}, std::vector<float>(64, 1.5F));
  small->Do(kAdd, {x, constant, small->Int(0)}, {y});
  return small->File({x}, {y});
}

}  // namespace

TEST_CASE("A network is read as it was recorded") {
  SmallModel small;
  const std::vector<uint8_t> file = SumFile(&small);
  const auto network = Network::Read(file.data(), file.size(), "the file");
  REQUIRE(network.ok());
  CHECK((*network)->soc() == "mt6991");
  CHECK((*network)->name() == "the file");
  CHECK((*network)->operations().size() == 1);
  CHECK((*network)->operations()[0].code == kAdd);
  CHECK((*network)->inputs() == std::vector<uint32_t>{0});
  CHECK((*network)->operands()[2].dimensions == std::vector<uint32_t>{64});
  float first = 0;
  std::memcpy(&first, (*network)->operands()[2].value, sizeof(first));
  CHECK(first == 1.5F);
}

TEST_CASE("A file that is cut off anywhere gives an error") {
  SmallModel small;
  const std::vector<uint8_t> file = SumFile(&small);
  // The last constant has 4 bytes; what is behind it pads them to 64.
  for (size_t size = 0; size < file.size() - 60; ++size) {
    const std::vector<uint8_t> cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
    REQUIRE(Complaint(cut) != "");
  }
  CHECK(Complaint(file) == "");
}

TEST_CASE("What is not a network of this version says so") {
  CHECK(Complaint({}) == "the file is no recorded graph of Sotto's neuron_host");
  CHECK(Complaint(FileOf("{}", "", 2)) == "the file has version 2; this Sotto reads 1");
  CHECK(Complaint(FileOf("[]")) == "the file is damaged: what it says of itself is no JSON object");
  CHECK(Complaint(FileOf(std::string(100000, '['))) ==
        "the file is damaged: what it says of itself is no JSON object");
  CHECK(Complaint(FileOf("{}")) == "the file is damaged: it has no \"soc\"");
}

TEST_CASE("What a network says must hold") {
  const auto graph = [](const std::string& operands, const std::string& operations = "",
                        const std::string& outputs = "") {
    return FileOf(R"({"soc": "mt6991", "operands": [)" + operands + R"(], "operations": [)" +
                      operations + R"(], "inputs": [], "outputs": [)" + outputs + "]}",
                  "1234");
  };
  const auto complains = [&](const std::vector<uint8_t>& file, const std::string& of) {
    const std::string complaint = Complaint(file);
    CHECK_MESSAGE(complaint.find(of) != std::string::npos, complaint);
  };
  CHECK(Complaint(graph("")) == "");
  complains(graph("", "", "0"), "name operand 0, which is not there");
  complains(graph("", "", "-1"), "\"outputs\" has no integer where one should be");
  complains(graph("", "", "1.5"), "\"outputs\" has no integer where one should be");
  complains(graph("7"), "it has no \"dimensions\"");
  complains(graph(R"({"type": 99, "dimensions": [1]})"), "unknown type 99");
  complains(graph(R"({"type": 3, "dimensions": [4294967296]})"), "\"dimensions\" has no integer");
  complains(graph(R"({"type": 3, "dimensions": [65536, 65536]})"), "too many elements");
  complains(graph(R"({"type": 3, "dimensions": [2], "value": [0, 8]})"), "beyond the file");
  complains(graph(R"({"type": 3, "dimensions": [2], "value": [18446744073709551615, 8]})"),
            "beyond the file");
  complains(graph(R"({"type": 3, "dimensions": [3], "value": [0, 4]})"), "has 4 bytes, not 12");
  complains(graph(R"({"type": 14, "dimensions": [3], "scale": 1e300, "zero_point": 0})"),
            "a scale is out of its range");
  complains(graph(R"({"type": 14, "dimensions": [3], "scale": 1, "zero_point": 300})"),
            "zero point out of its type's range");
  complains(
      graph(R"({"type": 3, "dimensions": [1]})", R"({"code": 0, "inputs": [0], "outputs": []})"),
      "operation 0 (ADD): it has 1 inputs");
}

}  // namespace sotto::neuron
