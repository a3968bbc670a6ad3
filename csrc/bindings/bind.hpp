// How a kernel becomes a function of Python. It trusts its caller: pyvarcolor/kernels/contract.py has checked all.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <tuple>

#include "pyvarcolor/image.hpp"

namespace pyvarcolor {

namespace py = pybind11;

// What Python passes for a parameter of a kernel, and what the kernel gets of it.
template <class T>
struct Argument {
    using Python = double;
    static T of(double number) { return T(number); }
};

template <>
struct Argument<Index> {
    using Python = Index;
    static Index of(Index number) { return number; }
};

template <class T>
struct Argument<Image<T>> {
    using Python = py::array;
    static Image<T> of(const py::array& array) {
        T* data = static_cast<T*>(const_cast<void*>(array.data()));
        return {data, array.shape(0), array.ndim() == 2 ? 1 : array.shape(1), array.shape(array.ndim() - 1)};
    }
};

// Without the GIL from the first number to the last.
template <class R, class... A>
R call(R (*kernel)(A...), const typename Argument<A>::Python&... given) {
    const std::tuple<A...> arguments{Argument<A>::of(given)...};
    const py::gil_scoped_release unlocked;
    return std::apply(kernel, arguments);
}

template <class... Rest>
bool is_single(const py::array& first, const Rest&...) {
    return first.itemsize() == sizeof(float);
}

// One function of both precisions: the first array tells which is meant.
template <class R, class... A, class... B>
void bind(py::module_& m, const char* name, R (*single)(A...), R (*twofold)(B...)) {
    m.def(name, [=](const typename Argument<B>::Python&... given) {
        return is_single(given...) ? call(single, given...) : call(twofold, given...);
    });
}

}  // namespace pyvarcolor
