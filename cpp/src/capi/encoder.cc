#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "capi/handles.h"

namespace {

using sotto::Result;
using sotto::capi::Guarded;
using sotto::capi::Missing;

// To length 1; a vector of zeros stays one.
void Normalize(size_t count, size_t dimensions, float* vectors) {
  for (size_t i = 0; i < count; ++i) {
    float* vector = vectors + i * dimensions;
    double square = 0;
    for (size_t j = 0; j < dimensions; ++j) square += static_cast<double>(vector[j]) * vector[j];
    if (square <= 0) continue;
    const auto scale = static_cast<float>(1 / std::sqrt(square));
    std::for_each(vector, vector + dimensions, [scale](float& value) { value *= scale; });
  }
}

}  // namespace

sotto_encoder* sotto_encoder_load(const sotto_bundle* bundle, const sotto_load_options* options,
                                  sotto_error** error) {
  return Guarded<sotto_encoder*>(error, nullptr, [&]() -> Result<sotto_encoder*> {
    if (bundle == nullptr) return Missing("bundle");
    SOTTO_ASSIGN_OR_RETURN(const sotto::LoadOptions load, sotto::capi::ReadLoadOptions(options));
    SOTTO_ASSIGN_OR_RETURN(auto model, sotto::EmbeddingModel::Create(*bundle->files, load));
    sotto::capi::LogFallback(model->fallback());
    return new sotto_encoder{std::move(model)};
  });
}

void sotto_encoder_free(sotto_encoder* encoder) { delete encoder; }

const char* sotto_encoder_accelerator(const sotto_encoder* encoder) {
  return encoder->model->accelerator().c_str();
}

size_t sotto_encoder_dimensions(const sotto_encoder* encoder) {
  return encoder->model->dimensions();
}

bool sotto_encoder_has(const sotto_encoder* encoder, const char* modality) {
  const auto& has = encoder->model->modalities();
  return modality != nullptr && std::find(has.begin(), has.end(), modality) != has.end();
}

bool sotto_encode_texts(const sotto_encoder* encoder, const char* const* texts, size_t count,
                        const char* prompt, bool normalize, float* out, sotto_error** error) {
  return Guarded(error, false, [&]() -> Result<bool> {
    if (encoder == nullptr) return Missing("encoder");
    if (count > 0 && (texts == nullptr || out == nullptr)) return Missing("texts or out");
    std::vector<std::string> list;
    for (size_t i = 0; i < count; ++i) {
      if (texts[i] == nullptr) return Missing("a text");
      list.emplace_back(texts[i]);
    }
    SOTTO_RETURN_IF_ERROR(encoder->model->EncodeTexts(
        list, prompt == nullptr ? std::nullopt : std::optional<std::string_view>(prompt), out));
    if (normalize) Normalize(count, encoder->model->dimensions(), out);
    return true;
  });
}

bool sotto_encode_images(const sotto_encoder* encoder, const sotto_image* images, size_t count,
                         bool normalize, float* out, sotto_error** error) {
  return Guarded(error, false, [&]() -> Result<bool> {
    if (encoder == nullptr) return Missing("encoder");
    if (count > 0 && (images == nullptr || out == nullptr)) return Missing("images or out");
    std::vector<sotto::ImageView> views;
    for (size_t i = 0; i < count; ++i) {
      if (images[i].data == nullptr) return Missing("the data of an image");
      views.push_back({images[i].data, images[i].height, images[i].width, images[i].channels,
                       images[i].row_stride});
    }
    SOTTO_RETURN_IF_ERROR(encoder->model->EncodeImages(views.data(), views.size(), out));
    if (normalize) Normalize(count, encoder->model->dimensions(), out);
    return true;
  });
}
