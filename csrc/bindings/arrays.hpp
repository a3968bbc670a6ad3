// The one check of shapes and dtypes between Python and the kernels; numba_core/checks.py says the same sentences.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "pyvarcolor/image.hpp"

namespace pyvarcolor {

namespace py = pybind11;

// Arguments: an array is never converted (a kernel would write to the copy), a number may be.
inline py::arg array(const char* name) { return py::arg(name).noconvert(); }
inline py::arg number(const char* name) { return py::arg(name); }

inline std::string shape_text(const std::vector<Index>& shape) {
    std::string text = "(";
    for (std::size_t k = 0; k < shape.size(); ++k) text += (k ? ", " : "") + std::to_string(shape[k]);
    return text + (shape.size() == 1 ? ",)" : ")");
}

inline std::string dtype_text(const py::array& array) { return py::str(array.dtype()); }

// Raises TypeError or ValueError unless `array` is a C-contiguous array of T with this shape.
template <class T>
void check(const py::array& array, const char* name, const std::vector<Index>& shape, bool written) {
    const std::string is = std::string(name) + " must ";
    if (!array.dtype().equal(py::dtype::of<T>()))
        throw py::type_error(is + "be " + dtype_text(py::array(py::dtype::of<T>(), 0)) + ", but is " +
                             dtype_text(array));
    const std::vector<Index> given(array.shape(), array.shape() + array.ndim());
    if (given != shape)
        throw py::value_error(is + "have shape " + shape_text(shape) + ", but has shape " + shape_text(given));
    if (!(array.flags() & py::array::c_style)) throw py::value_error(is + "be C-contiguous, but is strided");
    if (written && !array.writeable()) throw py::value_error(is + "be writeable, but is read-only");
}

template <class T>
Image<const T> read(const py::array& array, const char* name, const std::vector<Index>& shape) {
    check<T>(array, name, shape, false);
    const bool plane = shape.size() == 2;
    return {static_cast<const T*>(array.data()), shape[0], plane ? 1 : shape[1], shape.back()};
}

template <class T>
Image<T> write(py::array& array, const char* name, const std::vector<Index>& shape) {
    check<T>(array, name, shape, true);
    const bool plane = shape.size() == 2;
    return {static_cast<T*>(array.mutable_data()), shape[0], plane ? 1 : shape[1], shape.back()};
}

// Rows and columns of the array that decides the size of all others.
struct Size {
    Index rows, cols;
    explicit Size(const py::array& array) : rows(array.ndim() > 0 ? array.shape(0) : 0), cols(0) {
        if (array.ndim() > 0) cols = array.shape(array.ndim() - 1);
    }
    std::vector<Index> plane() const { return {rows, cols}; }
    std::vector<Index> image(Index channels) const { return {rows, channels, cols}; }
};

// f(T{}) with T float or double as the dtype of `array`, which decides the dtype of all others.
template <class F>
auto with_dtype(const py::array& array, const char* name, F f) {
    const bool is_float = array.dtype().equal(py::dtype::of<float>());
    if (!is_float && !array.dtype().equal(py::dtype::of<double>()))
        throw py::type_error(std::string(name) + " must be float32 or float64, but is " + dtype_text(array));
    if (array.size() == 0)
        throw py::value_error(std::string(name) + " must hold at least one pixel, but has shape " +
                              shape_text({array.shape(), array.shape() + array.ndim()}));
    return is_float ? f(float{}) : f(double{});
}

// Channels of an image that may have any number of them.
inline Index channels_of(const py::array& image, const char* name) {
    if (image.ndim() == 3) return image.shape(1);
    throw py::value_error(std::string(name) + " must have shape (H, C, W), but has shape " +
                          shape_text({image.shape(), image.shape() + image.ndim()}));
}

// Edges stored with a pixel: 2 where pixels have 4 neighbours, 4 where they have 8.
inline Index edges_of(const py::array& edges) {
    if (edges.ndim() == 3 && (edges.shape(1) == 2 || edges.shape(1) == 4)) return edges.shape(1);
    throw py::value_error("edges must have shape (H, 2, W) or (H, 4, W), but has shape " +
                          shape_text({edges.shape(), edges.shape() + edges.ndim()}));
}

// Channels of an edge weight: 1 for a scalar, 3 for a tensor.
inline Index weight_channels(const py::array& g) {
    if (g.ndim() == 3 && (g.shape(1) == 1 || g.shape(1) == 3)) return g.shape(1);
    throw py::value_error("g must have shape (H, 1, W) or (H, 3, W), but has shape " +
                          shape_text({g.shape(), g.shape() + g.ndim()}));
}

}  // namespace pyvarcolor
