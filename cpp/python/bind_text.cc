#include "bind_text.h"

#include <pybind11/stl.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errors.h"
#include "gil.h"
#include "sotto/text_tokenizer.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

TextTokenizer Parse(const py::bytes& json) {
  const std::string_view bytes = json;
  Result<TextTokenizer> tokenizer = [&] {
    const GilReleased released;
    return TextTokenizer::Parse(bytes);
  }();
  return Unwrap(std::move(tokenizer));
}

Result<std::vector<std::vector<int>>> EncodeAll(const TextTokenizer& tokenizer,
                                                const std::vector<std::string>& texts,
                                                size_t max_length, bool special) {
  std::vector<std::vector<int>> ids;
  ids.reserve(texts.size());
  for (const std::string& text : texts) {
    SOTTO_ASSIGN_OR_RETURN(auto one, special ? tokenizer.Encode(text, max_length)
                                             : tokenizer.EncodePlain(text, max_length));
    ids.push_back(std::move(one));
  }
  return ids;
}

std::vector<std::vector<int>> Encode(const TextTokenizer& tokenizer,
                                     const std::vector<std::string>& texts, size_t max_length,
                                     bool special) {
  auto ids = [&] {
    const GilReleased released;
    return EncodeAll(tokenizer, texts, max_length, special);
  }();
  return Unwrap(std::move(ids));
}

}  // namespace

void BindText(py::module_& m) {
  py::class_<TextTokenizer>(m, "TextTokenizer",
                            "A tokenizer.json: texts to token ids. Safe to share among threads.")
      .def(py::init(&Parse), "json"_a,
           "json: the file's bytes.\n\n"
           "Raises BundleError, which names what is damaged or not supported.")
      .def_property_readonly("special", &TextTokenizer::special,
                             "how many special tokens stand around a text")
      .def("encode", &Encode, "texts"_a, py::kw_only(), "max_length"_a, "special"_a = true,
           "Token ids of each text, no more than max_length.\n\n"
           "special: with the special tokens around it. Raises OptionError.");
}

}  // namespace sotto
