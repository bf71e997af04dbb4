#include "tflite/verify_model.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "tflite/dispatch_call.h"
#include "tflite/known_fields.h"
#include "tflite/operation.h"
#include "tflite/tensor.h"
#include "tflite_schema/schema_generated.h"

namespace sotto {
namespace {

using flatbuffers::uoffset_t;
using ::tflite::BuiltinOperator;

constexpr uint32_t kSchemaVersion = 3;

// What LiteRT and TFLite's converter write there; LiteRT reads others, such as an order of
// execution, as they come.
constexpr std::string_view kMetadata[] = {"min_runtime_version", "CONVERSION_METADATA",
                                          "keep_stablehlo_constant", "LiteRtStamp"};

std::string_view View(const flatbuffers::String* text) { return {text->c_str(), text->size()}; }

// Of files up to 2 GB a flatbuffer's offsets reach everywhere, of larger ones only into those.
size_t FlatbufferSize(size_t size) {
  return std::min<size_t>(size, FLATBUFFERS_MAX_BUFFER_SIZE - 1);
}

class ModelVerifier {
 public:
  ModelVerifier(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  Result<void> Verify() {
    flatbuffers::Verifier verifier(data_, FlatbufferSize(size_));
    if (!::tflite::VerifyModelBuffer(verifier)) return Damaged("it is no TFLite model");
    model_ = ::tflite::GetModel(data_);
    if (model_->version() != kSchemaVersion ||
        !HasOnlyFieldsUpTo(*model_, ::tflite::Model::VT_EXTERNAL_BUFFERS) ||
        SizeOf(model_->external_buffer_groups()) > 0 || SizeOf(model_->external_buffers()) > 0) {
      return Damaged("it is of another version, or refers to other files");
    }
    SOTTO_ASSIGN_OR_RETURN(buffers_, CheckBuffers(*model_, data_, size_));
    SOTTO_RETURN_IF_ERROR(CheckMetadata());
    SOTTO_RETURN_IF_ERROR(CheckOperatorCodes());
    for (size_t i = 0; i < SizeOf(model_->subgraphs()); ++i) {
      Result<void> graph = CheckGraph(*model_->subgraphs()->Get(static_cast<uoffset_t>(i)));
      if (!graph.ok()) {
        return Damaged("subgraph " + std::to_string(i) + ": " + graph.error().message);
      }
    }
    return CheckSignatures();
  }

 private:
  struct OperatorKind {
    const OperatorRule* rule;  // null of a DISPATCH_OP
    const char* name;
  };

  Result<void> CheckMetadata() const {
    for (const int32_t index : Integers(model_->metadata_buffer())) {
      if (index < 0 || static_cast<size_t>(index) >= buffers_.size()) {
        return Damaged("its metadata is in buffer " + std::to_string(index) + " of " +
                       std::to_string(buffers_.size()));
      }
    }
    for (size_t i = 0; i < SizeOf(model_->metadata()); ++i) {
      const ::tflite::Metadata& entry = *model_->metadata()->Get(static_cast<uoffset_t>(i));
      if (entry.name() == nullptr || entry.buffer() >= buffers_.size() ||
          !HasOnlyFieldsUpTo(entry, ::tflite::Metadata::VT_BUFFER)) {
        return Damaged("its metadata " + std::to_string(i) + " has no name, or no buffer");
      }
      if (std::find(std::begin(kMetadata), std::end(kMetadata), View(entry.name())) ==
          std::end(kMetadata)) {
        return Damaged("its metadata " + Printable(View(entry.name())) + " is not known");
      }
    }
    return {};
  }

  Result<void> CheckOperatorCodes() {
    for (size_t i = 0; i < SizeOf(model_->operator_codes()); ++i) {
      const ::tflite::OperatorCode& entry =
          *model_->operator_codes()->Get(static_cast<uoffset_t>(i));
      if (!HasOnlyFieldsUpTo(entry, ::tflite::OperatorCode::VT_BUILTIN_CODE)) {
        return Damaged("operator code " + std::to_string(i) + " is of a kind that is not known");
      }
      // Small codes are in the older, one-byte field, too, or in it alone.
      const int32_t code = std::max<int32_t>(entry.deprecated_builtin_code(),
                                             static_cast<int32_t>(entry.builtin_code()));
      if (code == ::tflite::BuiltinOperator_CUSTOM) {
        if (entry.custom_code() == nullptr || View(entry.custom_code()) != kDispatchOperator) {
          return Damaged("it has a custom operation that is not known");
        }
        kinds_.push_back({nullptr, kDispatchOperator});
        continue;
      }
      const OperatorRule* rule = FindRule(static_cast<BuiltinOperator>(code));
      if (rule == nullptr || entry.custom_code() != nullptr) {
        return Damaged("it has operation " + std::to_string(code) + ", which is not taken");
      }
      kinds_.push_back({rule, rule->name});
    }
    return {};
  }

  // Operations are in the order of execution: each reads what is there by then, and writes
  // something of its own.
  Result<void> CheckGraph(const ::tflite::SubGraph& graph) {
    if (!HasOnlyFieldsUpTo(graph, ::tflite::SubGraph::VT_DEBUG_METADATA_INDEX)) {
      return Damaged("it is of a kind that is not known");
    }
    SOTTO_ASSIGN_OR_RETURN(tensors_, CheckTensors(graph, buffers_));
    there_.assign(tensors_.size(), false);
    for (size_t i = 0; i < tensors_.size(); ++i) there_[i] = tensors_[i].is_constant();
    SOTTO_RETURN_IF_ERROR(Provide(Integers(graph.inputs()), "an input"));
    for (size_t i = 0; i < SizeOf(graph.operators()); ++i) {
      const ::tflite::Operator& entry = *graph.operators()->Get(static_cast<uoffset_t>(i));
      if (entry.opcode_index() >= kinds_.size()) {
        return Damaged("operation " + std::to_string(i) + " has no operator code");
      }
      const OperatorKind& kind = kinds_[entry.opcode_index()];
      Result<void> operation = CheckOperation(entry, kind);
      if (!operation.ok()) {
        return Damaged("operation " + std::to_string(i) + ", " + kind.name + ": " +
                       operation.error().message);
      }
    }
    return CheckOutputs(graph);
  }

  // What is computed and asked for; LiteRT gives each a buffer of its own.
  Result<void> CheckOutputs(const ::tflite::SubGraph& graph) const {
    std::set<int32_t> apart;
    for (const int32_t index : Integers(graph.inputs())) apart.insert(index);
    for (const int32_t index : Integers(graph.outputs())) {
      if (!IsThere(index) || tensors_[static_cast<size_t>(index)].is_constant() ||
          !apart.insert(index).second) {
        return Damaged("output " + std::to_string(index) + " is not computed, or is named twice");
      }
    }
    return {};
  }

  Result<void> CheckOperation(const ::tflite::Operator& entry, const OperatorKind& kind) {
    if (!HasOnlyFieldsUpTo(entry, ::tflite::Operator::VT_DEBUG_METADATA_INDEX) ||
        entry.large_custom_options_offset() != 0 || entry.large_custom_options_size() != 0 ||
        entry.builtin_options_2_type() != ::tflite::BuiltinOptions2_NONE ||
        SizeOf(entry.intermediates()) > 0 || SizeOf(entry.mutating_variable_inputs()) > 0) {
      return Damaged("it has options, intermediates or variables of a kind that is not taken");
    }
    Operation operation{{}, {}, entry.builtin_options()};
    for (const int32_t index : Integers(entry.inputs())) {
      if (index == -1) {
        operation.inputs.push_back(nullptr);
      } else if (IsThere(index)) {
        operation.inputs.push_back(&tensors_[static_cast<size_t>(index)]);
      } else {
        return Damaged("its input " + std::to_string(index) + " is not there yet, or never");
      }
    }
    SOTTO_RETURN_IF_ERROR(Provide(Integers(entry.outputs()), "its output"));
    for (const int32_t index : Integers(entry.outputs())) {
      operation.outputs.push_back(&tensors_[static_cast<size_t>(index)]);
    }
    return kind.rule == nullptr ? CheckDispatch(entry, operation)
                                : CheckBuiltin(entry, operation, *kind.rule);
  }

  Result<void> CheckBuiltin(const ::tflite::Operator& entry, const Operation& operation,
                            const OperatorRule& rule) const {
    const ::tflite::BuiltinOptions kind = entry.builtin_options_type();
    const bool has_options = operation.options != nullptr;
    if (has_options != (kind != ::tflite::BuiltinOptions_NONE) ||
        (has_options ? kind != rule.options : rule.needs_options) ||
        SizeOf(entry.custom_options()) > 0) {
      return Damaged("its options are missing, or another operation's");
    }
    if (has_options && rule.last_field != 0 &&
        !HasOnlyFieldsUpTo(*static_cast<const flatbuffers::Table*>(operation.options),
                           rule.last_field)) {
      return Damaged("its options are of a kind that is not known");
    }
    const size_t inputs = operation.inputs.size(), outputs = operation.outputs.size();
    if (inputs < rule.min_inputs || inputs > rule.max_inputs || outputs < rule.min_outputs ||
        outputs > rule.max_outputs) {
      return Damaged("it has " + std::to_string(inputs) + " inputs and " + std::to_string(outputs) +
                     " outputs, which is not how many it takes");
    }
    for (size_t i = 0; i < inputs; ++i) {
      const CheckedTensor* input = operation.inputs[i];
      if (input == nullptr) {
        if (i < rule.min_inputs || rule.max_inputs == kAnyNumber) {
          return Damaged("its input " + std::to_string(i) + " is left out");
        }
      } else if (input->per_channel() && (i >= 32 || ((rule.per_channel >> i) & 1U) == 0)) {
        return Damaged("its input " + std::to_string(i) + " has a scale for each channel");
      } else if (input->per_block() && (rule.rule != CheckFullyConnected || i != 1)) {
        return Damaged("its input " + std::to_string(i) + " has a scale for each block");
      }
    }
    for (const CheckedTensor* output : operation.outputs) {
      if (output->per_channel() || output->per_block()) {
        return Damaged("its output has a scale for each channel or block");
      }
    }
    return rule.rule(operation);
  }

  Result<void> CheckDispatch(const ::tflite::Operator& entry, const Operation& operation) const {
    if (operation.options != nullptr || entry.builtin_options_type() != 0 ||
        entry.custom_options() == nullptr || operation.outputs.empty() ||
        std::count(operation.inputs.begin(), operation.inputs.end(), nullptr) > 0) {
      return Damaged("it is not as a compiler for NPUs writes it");
    }
    return CheckDispatchOptions(entry.custom_options()->data(), entry.custom_options()->size(),
                                size_);
  }

  Result<void> CheckSignatures() const {
    std::set<std::string_view> keys;
    std::set<uint32_t> graphs;
    if (SizeOf(model_->signature_defs()) == 0) return Damaged("it has no signature");
    for (size_t i = 0; i < SizeOf(model_->signature_defs()); ++i) {
      const ::tflite::SignatureDef& entry =
          *model_->signature_defs()->Get(static_cast<uoffset_t>(i));
      if (entry.signature_key() == nullptr || !keys.insert(View(entry.signature_key())).second ||
          entry.subgraph_index() >= SizeOf(model_->subgraphs()) ||
          !graphs.insert(entry.subgraph_index()).second ||
          !HasOnlyFieldsUpTo(entry, ::tflite::SignatureDef::VT_SUBGRAPH_INDEX)) {
        return Damaged("signature " + std::to_string(i) + " lacks a name or a subgraph of its own");
      }
      const ::tflite::SubGraph& graph = *model_->subgraphs()->Get(entry.subgraph_index());
      if (!NamesAll(entry.inputs(), graph.inputs()) ||
          !NamesAll(entry.outputs(), graph.outputs())) {
        return Damaged("signature " + Printable(View(entry.signature_key())) +
                       " has other tensors than its subgraph");
      }
    }
    return {};
  }

  // Whether `names` gives each of `tensors` one name.
  static bool NamesAll(const flatbuffers::Vector<flatbuffers::Offset<::tflite::TensorMap>>* names,
                       const flatbuffers::Vector<int32_t>* tensors) {
    std::set<std::string_view> known;
    std::set<uint32_t> named, expected;
    for (size_t i = 0; i < SizeOf(names); ++i) {
      const ::tflite::TensorMap& entry = *names->Get(static_cast<uoffset_t>(i));
      if (entry.name() == nullptr || !known.insert(View(entry.name())).second ||
          !named.insert(entry.tensor_index()).second ||
          !HasOnlyFieldsUpTo(entry, ::tflite::TensorMap::VT_TENSOR_INDEX)) {
        return false;
      }
    }
    for (const int32_t index : Integers(tensors)) expected.insert(static_cast<uint32_t>(index));
    return named == expected;
  }

  // Marks tensors as there from now on, each for the first time.
  Result<void> Provide(const std::vector<int32_t>& indices, const char* what) {
    for (const int32_t index : indices) {
      if (index < 0 || static_cast<size_t>(index) >= tensors_.size() || IsThere(index)) {
        return Damaged(std::string(what) + " is tensor " + std::to_string(index) +
                       ", which is missing, constant or written before");
      }
      there_[static_cast<size_t>(index)] = true;
    }
    return {};
  }

  bool IsThere(int32_t index) const {
    return index >= 0 && static_cast<size_t>(index) < there_.size() &&
           there_[static_cast<size_t>(index)];
  }

  static std::vector<int32_t> Integers(const flatbuffers::Vector<int32_t>* vector) {
    return vector == nullptr ? std::vector<int32_t>()
                             : std::vector<int32_t>(vector->begin(), vector->end());
  }

  const uint8_t* data_;
  size_t size_;
  const ::tflite::Model* model_ = nullptr;
  std::vector<ConstantBytes> buffers_;
  std::vector<OperatorKind> kinds_;
  // Of the subgraph that is being checked.
  std::vector<CheckedTensor> tensors_;
  std::vector<bool> there_;
};

}  // namespace

Result<void> VerifyModel(const std::string& name, const uint8_t* data, size_t size) {
  Result<void> verified = ModelVerifier(data, size).Verify();
  if (verified.ok()) return {};
  return Error{ErrorCode::kBundle, name + " can't be used: " + verified.error().message +
                                       ". It is damaged, or was not made by Sotto: convert the "
                                       "model again"};
}

}  // namespace sotto
