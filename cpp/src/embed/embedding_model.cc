#include "sotto/embedding_model.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "embed/bundle_tokenizer.h"
#include "embed/embedding_audio.h"
#include "embed/embedding_bundle.h"
#include "embed/embedding_image.h"
#include "embed/embedding_text.h"
#include "litert/cpu_threads.h"
#include "litert/npu_placement.h"

namespace sotto {

class EmbeddingModel::Impl {
 public:
  Impl(EmbeddingBundle bundle, const Placement& placement)
      : bundle_(std::move(bundle)),
        accelerator_(placement.accelerator()),
        fallback_(placement.fallback) {
    if (bundle_.text) {
      modalities_.push_back("text");
      tokenizer_.emplace(*bundle_.text);
    }
    if (bundle_.image) modalities_.push_back("image");
    if (bundle_.audio) modalities_.push_back("audio");
  }

  // threads: of a session's CPU kernels.
  Result<void> Load(const std::shared_ptr<const LiteRtRuntime>& runtime, int threads);

  // Runs a graph of each encoder.
  Result<void> Try() const;

  const EmbeddingBundle& bundle() const { return bundle_; }
  const std::vector<std::string>& modalities() const { return modalities_; }
  const std::string& accelerator() const { return accelerator_; }
  const std::string& fallback() const { return fallback_; }

  Result<void> EncodeTokens(const std::vector<std::vector<int>>& ids, float* out) const {
    SOTTO_RETURN_IF_ERROR(CheckUsable("text", text_ != nullptr));
    return text_->Encode(ids, bundle_.dimensions, out);
  }

  Result<TextTokenizer> Tokenizer() const {
    SOTTO_RETURN_IF_ERROR(CheckUsable("text", text_ != nullptr));
    return tokenizer_->Get();
  }

  Result<void> EncodeTexts(const std::vector<std::string>& texts,
                           std::optional<std::string_view> prompt, float* out) const {
    SOTTO_RETURN_IF_ERROR(CheckUsable("text", text_ != nullptr));
    SOTTO_ASSIGN_OR_RETURN(const auto ids, tokenizer_->Tokenize(texts, prompt));
    return text_->Encode(ids, bundle_.dimensions, out);
  }

  Result<void> EncodePixels(const float* pixels, size_t n, float* out) const {
    SOTTO_RETURN_IF_ERROR(CheckUsable("image", image_ != nullptr));
    return image_->Encode(pixels, n, bundle_.dimensions, out);
  }

  Result<void> EncodeImages(const ImageView* images, size_t n, float* out) const;

  Result<size_t> EncodeAudio(const float* samples, size_t n, double loudest, size_t window,
                             float* out) const {
    SOTTO_RETURN_IF_ERROR(CheckUsable("audio", audio_ != nullptr));
    return audio_->Encode(samples, n, loudest, window, bundle_.dimensions, out);
  }

  void Close() const {
    closed_ = true;
    if (text_ != nullptr) text_->Close();
    if (image_ != nullptr) image_->Close();
    if (audio_ != nullptr) audio_->Close();
  }

 private:
  Result<void> CheckUsable(const std::string& modality, bool there) const {
    if (closed_) return Error{ErrorCode::kOption, "the model is closed: load it again"};
    if (there) return {};
    std::string has;
    for (const std::string& one : modalities_) has += (has.empty() ? "" : " and ") + one;
    return Error{ErrorCode::kOption,
                 bundle_.directory + " has no encoder of " + modality + ": it embeds " + has};
  }

  const EmbeddingBundle bundle_;
  std::vector<std::string> modalities_;
  const std::string accelerator_;
  const std::string fallback_;
  mutable std::atomic<bool> closed_{false};
  std::optional<BundleTokenizer> tokenizer_;
  std::unique_ptr<const TextTower> text_;
  std::unique_ptr<const ImageTower> image_;
  std::unique_ptr<const AudioTower> audio_;
};

Result<void> EmbeddingModel::Impl::Load(const std::shared_ptr<const LiteRtRuntime>& runtime,
                                        int threads) {
  if (bundle_.text) {
    SOTTO_ASSIGN_OR_RETURN(text_, TextTower::Create(runtime, *bundle_.text, threads));
  }
  if (bundle_.image) image_ = std::make_unique<ImageTower>(runtime, *bundle_.image, threads);
  if (bundle_.audio) {
    SOTTO_ASSIGN_OR_RETURN(audio_, AudioTower::Create(runtime, *bundle_.audio, threads));
  }
  return {};
}

Result<void> EmbeddingModel::Impl::Try() const {
  if (text_ != nullptr) SOTTO_RETURN_IF_ERROR(text_->Try());
  if (image_ != nullptr) SOTTO_RETURN_IF_ERROR(image_->Try());
  if (audio_ != nullptr) SOTTO_RETURN_IF_ERROR(audio_->Try());
  return {};
}

Result<void> EmbeddingModel::Impl::EncodeImages(const ImageView* images, size_t n,
                                                float* out) const {
  SOTTO_RETURN_IF_ERROR(CheckUsable("image", image_ != nullptr));
  SOTTO_ASSIGN_OR_RETURN(const ImageProcessor processor,
                         ImageProcessor::Create(bundle_.image->processor));
  // A few at a time, which bounds memory.
  const size_t batch = bundle_.image->buckets.back().batch;
  std::vector<float> pixels(std::min(batch, n) * processor.floats());
  for (size_t first = 0; first < n; first += batch) {
    const size_t some = std::min(batch, n - first);
    for (size_t i = 0; i < some; ++i) {
      const Result<void> made =
          processor.Process(images[first + i], pixels.data() + i * processor.floats());
      if (!made.ok()) {
        return Error{made.error().code,
                     "image " + std::to_string(first + i) + " " + made.error().message};
      }
    }
    SOTTO_RETURN_IF_ERROR(EncodePixels(pixels.data(), some, out + first * bundle_.dimensions));
  }
  return {};
}

Result<std::shared_ptr<const EmbeddingModel>> EmbeddingModel::Create(const BundleFiles& files,
                                                                     const LoadOptions& options) {
  using Loaded = Result<std::shared_ptr<const EmbeddingModel>>;
  SOTTO_RETURN_IF_ERROR(options.Validate());
  SOTTO_ASSIGN_OR_RETURN(const EmbeddingBundle bundle,
                         EmbeddingBundle::Open(files, options.verify));
  const int threads = options.threads > 0 ? options.threads : DefaultThreads(ThisProcess());
  return LoadPlaced(files, bundle.npu, options, [&](const Placement& placement) -> Loaded {
    EmbeddingBundle placed = bundle;
    if (placement.npu) {
      SOTTO_ASSIGN_OR_RETURN(placed, OnNpu(bundle, *placement.npu));
    }
    auto impl = std::make_unique<Impl>(std::move(placed), placement);
    SOTTO_RETURN_IF_ERROR(impl->Load(placement.runtime, threads));
    if (placement.npu) SOTTO_RETURN_IF_ERROR(RanOnNpu(impl->Try()));
    return std::shared_ptr<const EmbeddingModel>(new EmbeddingModel(std::move(impl)));
  });
}

EmbeddingModel::EmbeddingModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EmbeddingModel::~EmbeddingModel() = default;

const std::string& EmbeddingModel::name() const { return impl_->bundle().name; }

const std::string& EmbeddingModel::family() const { return impl_->bundle().family; }

const std::string& EmbeddingModel::precision() const { return impl_->bundle().precision; }

size_t EmbeddingModel::dimensions() const { return impl_->bundle().dimensions; }

bool EmbeddingModel::normalize() const { return impl_->bundle().normalize; }

const std::vector<std::string>& EmbeddingModel::modalities() const { return impl_->modalities(); }

const std::string& EmbeddingModel::accelerator() const { return impl_->accelerator(); }

const std::string& EmbeddingModel::fallback() const { return impl_->fallback(); }

size_t EmbeddingModel::max_length() const {
  const auto& text = impl_->bundle().text;
  return text ? text->max_length : 0;
}

std::vector<size_t> EmbeddingModel::image_shape() const {
  const auto& image = impl_->bundle().image;
  if (!image) return {};
  return {image->channels, image->height, image->width};
}

std::vector<size_t> EmbeddingModel::windows() const {
  std::vector<size_t> seconds;
  if (const auto& audio = impl_->bundle().audio) {
    for (const AudioEncoderSpec::Window& window : audio->windows) seconds.push_back(window.seconds);
  }
  return seconds;
}

Result<void> EmbeddingModel::EncodeTokens(const std::vector<std::vector<int>>& ids,
                                          float* out) const {
  return impl_->EncodeTokens(ids, out);
}

const std::map<std::string, std::string>& EmbeddingModel::prompts() const {
  static const std::map<std::string, std::string> none;
  const auto& text = impl_->bundle().text;
  return text ? text->prompts : none;
}

Result<TextTokenizer> EmbeddingModel::Tokenizer() const { return impl_->Tokenizer(); }

Result<void> EmbeddingModel::EncodeTexts(const std::vector<std::string>& texts,
                                         std::optional<std::string_view> prompt, float* out) const {
  return impl_->EncodeTexts(texts, prompt, out);
}

Result<void> EmbeddingModel::EncodePixels(const float* pixels, size_t n, float* out) const {
  return impl_->EncodePixels(pixels, n, out);
}

Result<void> EmbeddingModel::EncodeImages(const ImageView* images, size_t n, float* out) const {
  return impl_->EncodeImages(images, n, out);
}

Result<size_t> EmbeddingModel::EncodeAudio(const float* samples, size_t n, double loudest,
                                           size_t window, float* out) const {
  return impl_->EncodeAudio(samples, n, loudest, window, out);
}

void EmbeddingModel::Close() const { impl_->Close(); }

double EmbeddingModel::LoudestPosition(const float* samples, size_t n) {
  const std::vector<double> powers = PositionPowers(samples, n);
  return powers.empty() ? 0 : *std::max_element(powers.begin(), powers.end());
}

}  // namespace sotto
