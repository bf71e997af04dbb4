// Weights in the layout of this machine's kernels, kept between runs.
//
// XNNPACK packs weights when a graph is compiled. With a file to keep them in, it packs once and
// maps the file from then on: no second copy, and nothing read but what runs.

#ifndef SOTTO_SRC_LITERT_WEIGHT_CACHE_H_
#define SOTTO_SRC_LITERT_WEIGHT_CACHE_H_

#include <string>

namespace sotto {

class WeightCache {
 public:
  // The file of one .tflite, whose signatures share it.
  class Entry {
   public:
    // Whether there is a file to use, or to make. If not, there is no caching.
    bool usable() const { return !path_.empty(); }

    // For a TOML text.
    std::string quoted_path() const;

    // The weights were read, or written: another process may find them. When new ones come, those
    // that nobody used for two weeks go.
    void Keep();

    // They could not be.
    void Discard();

   private:
    friend class WeightCache;
    std::string path_;   // what XNNPACK reads or writes
    std::string final_;  // what it becomes; empty: it is that already
  };

  // `directory` is made when it is first needed; empty: nothing is kept. `library` is the path of
  // LiteRT: files are told apart by it and by what the CPU can do, as both decide about kernels.
  WeightCache(const std::string& directory, const std::string& library);

  // Of the .tflite file with this sha256. A new entry is written under another name and moved
  // when it is whole, so that no process finds half of it.
  Entry Find(const std::string& sha256) const;

 private:
  std::string directory_;
  std::string kernels_;  // part of a file's name
};

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_WEIGHT_CACHE_H_
