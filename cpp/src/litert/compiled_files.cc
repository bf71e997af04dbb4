#include "litert/compiled_files.h"

namespace sotto {

Result<std::shared_ptr<const CompiledFile>> CompiledFiles::FileOf(const Signature& signature) {
  const auto known = files_.find(signature.file);
  if (known != files_.end()) return known->second;
  SOTTO_ASSIGN_OR_RETURN(auto file, CompiledFile::Create(runtime_, signature, threads_));
  files_.emplace(signature.file, file);
  return file;
}

}  // namespace sotto
