#include <map>

#include "base/log.h"
#include "capi/handles.h"

namespace sotto::capi {

Result<LoadOptions> ReadLoadOptions(const sotto_load_options* given) {
  SOTTO_ASSIGN_OR_RETURN(const sotto_load_options options,
                         Sized(given, sotto_load_options_init, "sotto_load_options"));
  LoadOptions read;
  read.threads = options.threads;
  read.verify = options.verify;
  read.library = Text(options.litert);
  read.weight_cache =
      options.weight_cache == nullptr ? DefaultWeightCache() : std::string(options.weight_cache);
  if (options.accelerator != nullptr) read.accelerator = options.accelerator;
  read.soc = Text(options.soc);
  read.dispatch = Text(options.dispatch);
  return read;
}

void LogFallback(const std::string& why) {
  if (!why.empty()) Log(LogLevel::kWarning, why);
}

}  // namespace sotto::capi

using sotto::Error;
using sotto::Result;
using sotto::capi::Guarded;
using sotto::capi::Missing;

void sotto_load_options_init(sotto_load_options* options) {
  *options = {};
  options->size = sizeof(*options);
  options->verify = true;
}

sotto_bundle* sotto_bundle_open(const char* path, sotto_error** error) {
  return Guarded<sotto_bundle*>(error, nullptr, [&]() -> Result<sotto_bundle*> {
    if (path == nullptr) return Missing("path");
    SOTTO_ASSIGN_OR_RETURN(auto files, sotto::BundleFiles::Open(path));
    return new sotto_bundle{std::move(files)};
  });
}

sotto_bundle* sotto_bundle_from_descriptors(const char* label, const sotto_file_range* files,
                                            size_t count, sotto_error** error) {
  return Guarded<sotto_bundle*>(error, nullptr, [&]() -> Result<sotto_bundle*> {
    if (files == nullptr && count > 0) return Missing("files");
    std::map<std::string, sotto::FileRange> ranges;
    for (size_t i = 0; i < count; ++i) {
      if (files[i].name == nullptr) return Missing("the name of a file");
      ranges[files[i].name] = {files[i].descriptor, files[i].offset, files[i].length};
    }
    return new sotto_bundle{sotto::BundleFiles::FromDescriptors(label == nullptr ? "bundle" : label,
                                                                std::move(ranges))};
  });
}

void sotto_bundle_free(sotto_bundle* bundle) { delete bundle; }
