#include "litert/npu_placement.h"

#include <doctest.h>

#include <string>

#include "has.h"

namespace sotto {
namespace {

NpuFiles Files(const std::string& soc) {
  NpuFiles files;
  files.soc = soc;
  files.format = "litert";
  files.compiler = "neuron";
  files.sdk = "8.2.24";
  return files;
}

using Compiled = std::map<std::string, NpuFiles>;

Compiled CompiledFor(std::initializer_list<NpuFiles> all) {
  Compiled compiled;
  for (const NpuFiles& files : all) compiled[files.soc] = files;
  return compiled;
}

Result<const NpuFiles*> Choose(const Compiled& compiled, const std::string& soc,
                               const NpuMachine& machine) {
  return ChooseNpuFiles("models/small", compiled, soc, machine);
}

NpuMachine Phone(const std::string& soc) { return {{soc}, "8.3.0", /*is_host=*/false}; }
NpuMachine Laptop() { return {{}, "", /*is_host=*/true}; }

std::string Refusal(const Compiled& compiled, const std::string& soc, const NpuMachine& machine) {
  const auto found = Choose(compiled, soc, machine);
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().code == ErrorCode::kDevice);
  return found.error().message;
}

TEST_CASE("a phone takes the files for its SoC") {
  const Compiled compiled = CompiledFor({Files("mt6989"), Files("mt6991")});
  const auto found = Choose(compiled, "", Phone("mt6991"));
  REQUIRE(found.ok());
  CHECK((*found)->soc == "mt6991");
}

TEST_CASE("a board that is a variant takes the files for the chip it is one of") {
  const Compiled compiled = CompiledFor({Files("mt8188")});
  const auto found = Choose(compiled, "", {{"mt8390", "mt8188"}, "", false});
  REQUIRE(found.ok());
  CHECK((*found)->soc == "mt8188");
}

TEST_CASE("a bundle that was not compiled says how that is done") {
  CHECK(Has(Refusal(CompiledFor({}), "", Phone("mt6991")),
            "models/small has no files for an NPU. Compile them: sotto npu compile models/small "
            "--soc mt6991"));
  CHECK(Has(Refusal(CompiledFor({}), "mt6991", Laptop()), "--soc mt6991 --dry-run --keep"));
}

TEST_CASE("a bundle that was compiled for others names them") {
  const Compiled compiled = CompiledFor({Files("mt6985"), Files("mt6989")});
  const std::string message = Refusal(compiled, "", Phone("mt6991"));
  CHECK(Has(message, "models/small has no files for mt6991, only for mt6985, mt6989"));
  CHECK(Has(message, "sotto npu compile models/small --soc mt6991"));
}

TEST_CASE("a machine whose SoC is not known must be told it") {
  const Compiled compiled = CompiledFor({Files("mt6985"), Files("mt6989")});
  CHECK(Has(Refusal(compiled, "", {{}, "", false}),
            "say soc, of which models/small has files for mt6985, mt6989"));
  const auto told = Choose(compiled, "mt6989", {{}, "", false});
  REQUIRE(told.ok());
  CHECK((*told)->soc == "mt6989");
}

TEST_CASE("a phone refuses to be told that it is another") {
  const Compiled compiled = CompiledFor({Files("mt6989"), Files("mt6991")});
  CHECK(Has(Refusal(compiled, "mt6989", Phone("mt6991")),
            "soc mt6989: this machine is a mt6991, which runs no code for another"));
}

TEST_CASE("code by another major version of Neuron is refused, by another minor one not") {
  const Compiled compiled = CompiledFor({Files("mt6991")});
  CHECK(Has(Refusal(compiled, "", {{"mt6991"}, "9.0.1", false}),
            "were compiled by Neuron 8.2.24, this device has 9.0.1: another major version"));
  CHECK(Choose(compiled, "", {{"mt6991"}, "8.9.9", false}).ok());
}

TEST_CASE("where a version is not known, the files are tried") {
  NpuFiles unknown = Files("mt6991");
  unknown.sdk = "";
  CHECK(Choose(CompiledFor({unknown}), "", {{"mt6991"}, "9.0.1", false}).ok());
  CHECK(Choose(CompiledFor({Files("mt6991")}), "", {{"mt6991"}, "", false}).ok());
}

TEST_CASE("DLA is for NeuroPilot's own runtime") {
  NpuFiles dla = Files("mt8188");
  dla.format = "dla";
  CHECK(Has(Refusal(CompiledFor({dla}), "", Phone("mt8188")),
            "are DLA, which NeuroPilot's own runtime loads and LiteRT does not"));
}

TEST_CASE("what neuron_host recorded is refused by a device") {
  NpuFiles recorded = Files("mt6991");
  recorded.compiler = "sotto neuron_host";
  CHECK(Has(Refusal(CompiledFor({recorded}), "", Phone("mt6991")),
            "are no code for a device: Sotto's neuron_host recorded them"));
}

TEST_CASE("code for a device is refused where Sotto's library stands for one") {
  CHECK(Has(Refusal(CompiledFor({Files("mt6991")}), "", Laptop()),
            "are code for the device, which Sotto's dispatch library can't run"));
}

TEST_CASE("a laptop takes the only files there are, and asks which of several") {
  NpuFiles one = Files("mt6991"), other = Files("mt6989");
  one.compiler = other.compiler = "sotto neuron_host";
  CHECK(Choose(CompiledFor({one}), "", Laptop()).ok());
  CHECK(Has(Refusal(CompiledFor({one, other}), "", Laptop()), "say soc"));
  CHECK(Choose(CompiledFor({one, other}), "mt6989", Laptop()).ok());
}

}  // namespace
}  // namespace sotto
