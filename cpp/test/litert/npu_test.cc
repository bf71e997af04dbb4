#include "sotto/npu.h"

#include <doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "small_bundle.h"

namespace sotto {
namespace {

using Names = std::vector<std::string>;

SystemFacts Android(std::map<std::string, std::string> properties) {
  SystemFacts facts;
  facts.root = "/nowhere";
  facts.property = [properties = std::move(properties)](const std::string& name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string() : found->second;
  };
  return facts;
}

}  // namespace

TEST_CASE("Android's property of the SoC says which it is") {
  CHECK(DetectSocs(Android({{"ro.soc.model", "MT6991"}})) == Names{"mt6991"});
}

TEST_CASE("an Android before that property tells by its hardware's name") {
  CHECK(DetectSocs(Android({{"ro.hardware", "mt6893"}})) == Names{"mt6893"});
  CHECK(DetectSocs(Android({{"ro.hardware", "unknown"}, {"ro.board.platform", "mt6983"}})) ==
        Names{"mt6983"});
}

TEST_CASE("a variant's letter behind the number is no other SoC") {
  CHECK(DetectSocs(Android({{"ro.soc.model", "MT6989Z"}, {"ro.hardware", "mt6989"}})) ==
        Names{"mt6989"});
}

TEST_CASE("another vendor's phone has none of MediaTek's SoCs") {
  CHECK(DetectSocs(Android({{"ro.soc.model", "SM8650"}, {"ro.hardware", "qcom"}})).empty());
  CHECK(DetectSocs(Android({{"ro.soc.model", "mt"}, {"ro.hardware", "mt12"}})).empty());
}

TEST_CASE("a Genio board's device tree names its chip and the one it is a variant of") {
  const SmallBundle folder;  // any that is there for one test
  std::filesystem::create_directories(folder.path() + "/proc/device-tree");
  const std::string tree("mediatek,mt8390-evk\0mediatek,mt8390\0mediatek,mt8188\0", 52);
  std::ofstream(folder.path() + "/proc/device-tree/compatible", std::ios::binary) << tree;
  SystemFacts facts;
  facts.root = folder.path();
  CHECK(DetectSocs(facts) == Names{"mt8390", "mt8188"});
}

TEST_CASE("a machine without either has none") {
  SystemFacts facts;
  facts.root = "/nowhere";
  CHECK(DetectSocs(facts).empty());
}

}  // namespace sotto
