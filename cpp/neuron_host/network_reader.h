#ifndef SOTTO_NEURON_HOST_NETWORK_READER_H_
#define SOTTO_NEURON_HOST_NETWORK_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model.h"
#include "sotto/error.h"

namespace sotto::neuron {

// A recorded graph (network_file.h), whose operations keep their contracts: counts, types and
// shapes of operands can be relied upon.
class Network {
 public:
  // Reads a file's content, which may be anything: kModel for what is damaged, of another version
  // or against a contract. Constants keep pointing into `bytes`, which must outlive the network.
  // `name` is what messages call it, such as the file's path.
  static sotto::Result<std::shared_ptr<const Network>> Read(const uint8_t* bytes, size_t size,
                                                            const std::string& name);

  const std::string& name() const { return name_; }  // as given to Read
  const std::string& soc() const { return soc_; }    // that the plugin legalised it for
  const std::vector<Operand>& operands() const { return model_.operands(); }
  const std::vector<Operation>& operations() const { return model_.operations(); }
  const std::vector<uint32_t>& inputs() const { return model_.inputs(); }  // operands' indices,
  const std::vector<uint32_t>& outputs() const {
    return model_.outputs();
  }  // as in the TFLite graph

 private:
  Network() = default;

  std::string name_, soc_;
  Model model_;
};

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_NETWORK_READER_H_
