#include <algorithm>
#include <cmath>

#include "capi/handles.h"

using sotto::Result;
using sotto::capi::Guarded;
using sotto::capi::Missing;

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

size_t sotto_encoder_dimensions(const sotto_encoder* encoder) {
  return encoder->model->dimensions();
}

bool sotto_encoder_has(const sotto_encoder* encoder, const char* modality) {
  const auto& has = encoder->model->modalities();
  return modality != nullptr && std::find(has.begin(), has.end(), modality) != has.end();
}

