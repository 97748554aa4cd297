"""What every narrowing of a list begins with."""

from __future__ import annotations

import django_filters
from django import forms


class Facets(django_filters.FilterSet):  # type: ignore[misc]
    """Facets with the look of every form; each is a query parameter, so that what one sees can be
    linked to and kept."""

    @property
    def form(self) -> forms.Form:
        form: forms.Form = super().form
        for field in form.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"
        return form
