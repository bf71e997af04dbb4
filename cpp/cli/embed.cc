#include "embed.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ppm.h"
#include "sotto/bundle_files.h"
#include "sotto/embedding_model.h"

namespace sotto {
namespace {

using Model = std::shared_ptr<const EmbeddingModel>;

// Length 1; zeros stay zeros.
void Normalize(std::vector<float>* vector) {
  double sum = 0;
  for (const float value : *vector) sum += static_cast<double>(value) * value;
  if (sum == 0) return;
  const double scale = 1 / std::sqrt(sum);
  for (float& value : *vector) value = static_cast<float>(value * scale);
}

Result<std::vector<float>> EncodeText(const EmbeddingModel& model, const std::string& text,
                                      const EmbedArguments& arguments) {
  std::vector<float> vector(model.dimensions());
  std::optional<std::string_view> prompt;
  if (arguments.prompt) prompt = *arguments.prompt;
  SOTTO_RETURN_IF_ERROR(model.EncodeTexts({text}, prompt, vector.data()));
  return vector;
}

Result<std::vector<float>> EncodePicture(const EmbeddingModel& model, std::string_view bytes) {
  SOTTO_ASSIGN_OR_RETURN(const Ppm picture, ReadPpm(bytes));
  std::vector<float> vector(model.dimensions());
  const ImageView view{picture.pixels.data(), picture.height, picture.width};
  SOTTO_RETURN_IF_ERROR(model.EncodeImages(&view, 1, vector.data()));
  return vector;
}

// As `sotto embed` prints it: seven digits are a float's.
Result<void> Print(const std::string& name, const std::vector<float>& vector) {
  std::string line = "{\"item\": " +
                     nlohmann::json(name).dump(-1, ' ', /*ensure_ascii=*/true,
                                               nlohmann::json::error_handler_t::replace) +
                     ", \"vector\": [";
  char number[32];
  for (size_t i = 0; i < vector.size(); ++i) {
    std::snprintf(number, sizeof(number), "%s%.7g", i == 0 ? "" : ", ",
                  static_cast<double>(vector[i]));
    line += number;
  }
  line += "]}";
  if (std::puts(line.c_str()) != EOF && std::fflush(stdout) == 0) return {};
  return Error{ErrorCode::kOutput,
               std::string("can't write to standard output (") + std::strerror(errno) + ")"};
}

// Embeds items one after another; what is refused is told.
class Embedding {
 public:
  Embedding(const EmbeddingModel& model, const EmbedArguments& arguments)
      : model_(model), arguments_(arguments) {}

  // False where nothing more can be printed.
  bool Add(const EmbedItem& item) {
    switch (item.kind) {
      case EmbedItem::kText:
        return AddText(item.value, item.value);
      case EmbedItem::kFile:
        return AddFile(item.value);
      case EmbedItem::kStandardInput:
        return AddLines();
    }
    return false;
  }

  int status() const { return status_; }

 private:
  bool AddText(const std::string& name, const std::string& text) {
    return Take(name, EncodeText(model_, text, arguments_));
  }

  bool AddFile(const std::string& path) {
    const auto file = FileView::Open(path);
    if (!file.ok()) return Take(path, file.error());
    const std::string_view bytes = (*file)->text();
    if (IsPpm(bytes)) return Take(path, EncodePicture(model_, bytes));
    return AddText(path, std::string(bytes));
  }

  bool AddLines() {
    for (std::string line; std::getline(std::cin, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!AddText(line, line)) return false;
    }
    return true;
  }

  bool Take(const std::string& name, Result<std::vector<float>> vector) {
    if (!vector.ok()) {
      const std::string& message = vector.error().message;
      Tell(message.rfind(name, 0) == 0 ? message : name + ": " + message);
      return true;
    }
    if (arguments_.normalize) Normalize(&*vector);
    const auto printed = Print(name, *vector);
    if (!printed.ok()) Tell(printed.error().message);
    return printed.ok();
  }

  void Tell(const std::string& message) {
    std::fprintf(stderr, "error: %s\n", message.c_str());
    status_ = 1;
  }

  const EmbeddingModel& model_;
  const EmbedArguments& arguments_;
  int status_ = 0;
};

Result<Model> LoadModel(const EmbedArguments& arguments) {
  SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(arguments.model));
  return EmbeddingModel::Create(*files, arguments.load);
}

}  // namespace

int Embed(const EmbedArguments& arguments) {
  const auto model = LoadModel(arguments);
  if (!model.ok()) {
    std::fprintf(stderr, "error: %s\n", model.error().message.c_str());
    return 1;
  }
  if (const std::string& why = (*model)->fallback(); !why.empty()) {
    std::fprintf(stderr, "warning: %s\n", why.c_str());
  }
  Embedding embedding(**model, arguments);
  for (const EmbedItem& item : arguments.items) {
    if (!embedding.Add(item)) break;
  }
  return embedding.status();
}

}  // namespace sotto
