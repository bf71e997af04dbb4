#include "whisper/attention_matrix.h"

#include <algorithm>
#include <cmath>

#include "whisper/median_filter.h"

namespace sotto {
namespace {

constexpr size_t kFilterWidth = 7;

void Softmax(size_t n, float* x) {
  const float largest = *std::max_element(x, x + n);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    x[i] = std::exp(x[i] - largest);
    sum += x[i];
  }
  const float scale = static_cast<float>(1 / sum);
  for (size_t i = 0; i < n; ++i) x[i] *= scale;
}

// Each column of x [rows, columns]: mean 0, standard deviation 1. In double, as in torch: the
// squares of small probabilities are no float32.
void StandardizeColumns(size_t rows, size_t columns, float* x) {
  std::vector<double> mean(columns);
  std::vector<double> square(columns);
  const double scale = 1.0 / static_cast<double>(rows);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) mean[j] += x[i * columns + j] * scale;
  }
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      const double difference = x[i * columns + j] - mean[j];
      square[j] += difference * difference * scale;
    }
  }
  for (size_t j = 0; j < columns; ++j) {
    const float center = static_cast<float>(mean[j]);
    const float deviation = static_cast<float>(std::sqrt(square[j]));
    for (size_t i = 0; i < rows; ++i) {
      x[i * columns + j] = (x[i * columns + j] - center) / deviation;
    }
  }
}

}  // namespace

std::vector<float> AttentionMatrix(const float* scores, size_t heads, size_t tokens,
                                   size_t positions, size_t heard) {
  std::vector<float> matrix(tokens * heard);
  std::vector<float> weights(tokens * heard);  // of one head
  for (size_t head = 0; head < heads; ++head) {
    for (size_t i = 0; i < tokens; ++i) {
      std::copy_n(scores + (head * tokens + i) * positions, heard, &weights[i * heard]);
      Softmax(heard, &weights[i * heard]);
    }
    StandardizeColumns(tokens, heard, weights.data());
    MedianFilter(tokens, heard, kFilterWidth, weights.data());
    for (size_t i = 0; i < matrix.size(); ++i) matrix[i] += weights[i];
  }
  for (float& value : matrix) value /= static_cast<float>(heads);
  return matrix;
}

}  // namespace sotto
