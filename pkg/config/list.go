package config

import (
	"fmt"
	"reflect"
)

// Setting is one setting of a struct, as files and the environment know it.
type Setting struct {
	// Name in the file, with dots between the names of nested structs.
	Name string
	// Variable of the environment.
	Variable string
	// Default is the text it has when nobody sets it; may be empty.
	Default string
	// Doc says what it is.
	Doc string
	// Value is what it is set to now.
	Value any
}

// List has the settings of pointers to structs, in the order they are declared.
// The prefix of the environment's names is "NOTICEHUB" when it is empty.
func List(prefix string, of ...any) []Setting {
	if prefix == "" {
		prefix = defaultPrefix
	}
	var list []Setting
	for _, each := range of {
		for _, s := range collect(reflect.ValueOf(each).Elem(), nil) {
			list = append(list, Setting{
				Name: s.name(), Variable: s.env(prefix), Default: s.field.Tag.Get("default"), Doc: s.field.Tag.Get("doc"), Value: s.value.Interface(),
			})
		}
	}
	return list
}

// String is the setting as Describe tells it.
func (s Setting) String() string {
	text := fmt.Sprintf("%s\n    %s", s.Variable, s.Doc)
	if s.Default != "" {
		text += fmt.Sprintf(" (default %s)", s.Default)
	}
	return text
}
