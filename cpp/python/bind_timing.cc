#include "bind_timing.h"

#include <pybind11/numpy.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "arrays.h"
#include "errors.h"
#include "gil.h"
#include "whisper/dtw.h"
#include "whisper/median_filter.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

py::array_t<int> BindDtw(const FloatArray& cost) {
  if (cost.ndim() != 2) ThrowPython({ErrorCode::kOption, "cost must be of shape [N, M]"});
  const auto rows = static_cast<size_t>(cost.shape(0));
  const auto columns = static_cast<size_t>(cost.shape(1));
  const float* data = cost.data();
  const WarpPath path = [&] {
    const GilReleased released;
    return Dtw(data, rows, columns);
  }();
  py::array_t<int> out({size_t{2}, path.rows.size()});
  std::copy(path.rows.begin(), path.rows.end(), out.mutable_data(0, 0));
  std::copy(path.columns.begin(), path.columns.end(), out.mutable_data(0, 0) + path.rows.size());
  return out;
}

py::array_t<float> BindMedianFilter(const FloatArray& x, int width) {
  if (width < 1 || width % 2 == 0) {
    ThrowPython({ErrorCode::kOption,
                 "width is " + std::to_string(width) + "; expected an odd number from 1 on"});
  }
  if (x.ndim() < 1) ThrowPython({ErrorCode::kOption, "x must have a dimension"});
  py::array_t<float> out(std::vector<py::ssize_t>(x.shape(), x.shape() + x.ndim()));
  std::copy_n(x.data(), x.size(), out.mutable_data());
  const auto columns = static_cast<size_t>(x.shape(x.ndim() - 1));
  const size_t rows = columns == 0 ? 0 : static_cast<size_t>(x.size()) / columns;
  float* values = out.mutable_data();
  const GilReleased released;
  MedianFilter(rows, columns, static_cast<size_t>(width), values);
  return out;
}

}  // namespace

void BindTiming(py::module_& m) {
  m.def("dtw", &BindDtw, "cost"_a,
        "float32 [N, M] -> int32 [2, L], the rows and columns of the cheapest path.");
  m.def("median_filter", &BindMedianFilter, "x"_a, "width"_a,
        "float32 [..., T] -> the same shape, along the last dimension. width: odd.");
}

}  // namespace sotto
