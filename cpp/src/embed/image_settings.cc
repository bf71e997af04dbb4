#include "embed/image_settings.h"

#include <cfloat>
#include <map>
#include <string>

namespace sotto {
namespace {

ImageSize ReadSides(ManifestReader* reader, const Json& json) {
  return {static_cast<size_t>(reader->Integer(json, "height", 1)),
          static_cast<size_t>(reader->Integer(json, "width", 1))};
}

Resample ReadResample(ManifestReader* reader, const Json& json) {
  static const std::map<std::string, Resample> kFilters = {
      {"nearest", Resample::kNearest},   {"lanczos", Resample::kLanczos},
      {"bilinear", Resample::kBilinear}, {"bicubic", Resample::kBicubic},
      {"box", Resample::kBox},           {"hamming", Resample::kHamming}};
  const std::string name = reader->String(json, "resample");
  const auto found = kFilters.find(name);
  if (found != kFilters.end()) return found->second;
  reader->Fail("resample is \"" + name +
               "\", expected nearest, lanczos, bilinear, bicubic, box or "
               "hamming");
  return Resample::kNearest;
}

using Channels = std::array<double, ImageSettings::kChannels>;

Channels ReadChannels(ManifestReader* reader, const Json& json, const char* key) {
  Channels values{};
  const Json& list = reader->At(json, key);
  const bool fits = list.is_array() && list.size() == values.size();
  for (size_t c = 0; c < values.size(); ++c) {
    if (!fits || !list[c].is_number()) {
      reader->Fail(std::string(key) + " is not of 3 numbers");
      return {1, 1, 1};
    }
    values[c] = list[c].get<double>();
  }
  return values;
}

}  // namespace

ImageSettings ReadImageSettings(ManifestReader* reader, const Json& json) {
  ImageSettings settings;
  settings.output = ReadSides(reader, json);
  const Json& size = reader->At(json, "size");
  if (size.is_object() && size.contains("shortest_edge")) {
    settings.shortest_edge = static_cast<size_t>(reader->Integer(size, "shortest_edge", 1));
  } else if (!size.is_null()) {
    settings.size = ReadSides(reader, size);
  }
  const Json& crop = reader->At(json, "crop");
  if (!crop.is_null()) settings.crop = ReadSides(reader, crop);
  settings.resample = ReadResample(reader, json);
  settings.rescale = reader->Number(json, "rescale", -DBL_MAX, DBL_MAX);
  settings.mean = ReadChannels(reader, json, "mean");
  settings.std = ReadChannels(reader, json, "std");
  const Result<void> valid = settings.Validate();
  if (!valid.ok()) reader->Fail(valid.error().message);
  return settings;
}

}  // namespace sotto
