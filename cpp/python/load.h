// One way from Python into the bundles' models.

#ifndef SOTTO_PYTHON_LOAD_H_
#define SOTTO_PYTHON_LOAD_H_

#include <pybind11/pybind11.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "errors.h"
#include "gil.h"
#include "platform/path.h"
#include "sotto/bundle_files.h"
#include "sotto/load_options.h"

namespace sotto {

// Model::Create without the GIL. No `weight_cache` is the default one, an empty one none.
template <typename Model>
std::shared_ptr<Model> Load(const std::filesystem::path& bundle, int threads, bool verify,
                            const std::filesystem::path& library,
                            const std::optional<std::filesystem::path>& weight_cache,
                            const std::string& accelerator, const std::string& soc,
                            const std::filesystem::path& dispatch) {
  const LoadOptions options{
      threads,           verify,
      Utf8From(library), weight_cache ? Utf8From(*weight_cache) : DefaultWeightCache(),
      accelerator,       soc,
      Utf8From(dispatch)};
  Result<std::shared_ptr<const Model>> result = [&]() -> Result<std::shared_ptr<const Model>> {
    const GilReleased released;
    SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(Utf8From(bundle)));
    return Model::Create(*files, options);
  }();
  return std::const_pointer_cast<Model>(Unwrap(std::move(result)));
}

}  // namespace sotto

#endif  // SOTTO_PYTHON_LOAD_H_
