// Package config fills a service's settings struct from its defaults, a YAML
// file and the environment, in that order, and reports every mistake at once.
//
// Fields carry the tags config:"name" default:"value" doc:"what it is, with
// unit". Nested structs nest in the file and are joined by "_" in the
// environment: field "listen" of struct "grpc" is NOTICEHUB_GRPC_LISTEN. A nested
// struct tagged config:",inline" adds its fields to its parent's.
package config

import (
	"encoding"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const defaultPrefix = "NOTICEHUB"

// Options say where settings come from.
type Options struct {
	// File is a YAML file; "" means none.
	File string
	// Env looks a variable up; nil means os.LookupEnv.
	Env func(string) (string, bool)
	// Prefix of the environment's names; "" means "NOTICEHUB".
	Prefix string
}

type setting struct {
	path  []string // names from the root
	value reflect.Value
	field reflect.StructField
}

func (s setting) name() string { return strings.Join(s.path, ".") }

func (s setting) env(prefix string) string {
	return strings.ToUpper(prefix + "_" + strings.Join(s.path, "_"))
}

// Load fills pointers to structs, which share one file and environment. Unknown
// keys of the file, values that do not parse and what Validate() error of a
// struct (or of a nested one) says are all reported in one error, a line each.
func Load(o Options, into ...any) error {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Prefix == "" {
		o.Prefix = defaultPrefix
	}
	var settings []setting
	for _, each := range into {
		settings = append(settings, collect(reflect.ValueOf(each).Elem(), nil)...)
	}
	file, problems := readFile(o.File)
	for _, s := range settings {
		text, source := s.field.Tag.Get("default"), "default"
		if v, ok := take(file, s.path); ok {
			text, source = v, o.File
		}
		if v, ok := o.Env(s.env(o.Prefix)); ok {
			text, source = v, s.env(o.Prefix)
		}
		if text == "" {
			continue
		}
		if err := set(s.value, text); err != nil {
			problems = append(problems, fmt.Errorf("%s (from %s): %w", s.name(), source, err))
		}
	}
	for _, unknown := range left(file, "") {
		problems = append(problems, fmt.Errorf("%s: no such setting (in %s)", unknown, o.File))
	}
	for _, each := range into {
		if len(problems) > 0 {
			break // values that did not parse would be complained of twice
		}
		problems = validate(reflect.ValueOf(each).Elem())
	}
	return errors.Join(problems...)
}

// Describe lists the settings with environment names, defaults and what they are.
func Describe(into any, prefix string) string {
	var b strings.Builder
	for _, s := range List(prefix, into) {
		b.WriteString(s.String() + "\n")
	}
	return b.String()
}

func collect(v reflect.Value, path []string) []setting {
	var found []setting
	for i := range v.NumField() {
		field := v.Type().Field(i)
		tag, ok := field.Tag.Lookup("config")
		if !ok || !field.IsExported() {
			continue
		}
		name, inline := strings.CutSuffix(tag, ",inline")
		below := path
		if !inline {
			below = append(append([]string(nil), path...), name)
		}
		if field.Type.Kind() == reflect.Struct && !reflect.PointerTo(field.Type).Implements(textType) {
			found = append(found, collect(v.Field(i), below)...)
			continue
		}
		found = append(found, setting{below, v.Field(i), field})
	}
	return found
}

func readFile(path string) (map[string]any, []error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, []error{fmt.Errorf("settings file: %w", err)}
	}
	var file map[string]any
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, []error{fmt.Errorf("settings file %s: %w", path, err)}
	}
	return file, nil
}

// take removes the value at path from the file's tree, so that what is left at
// the end is unknown.
func take(tree map[string]any, path []string) (string, bool) {
	for len(path) > 1 {
		below, ok := tree[path[0]].(map[string]any)
		if !ok {
			return "", false
		}
		tree, path = below, path[1:]
	}
	v, ok := tree[path[0]]
	if !ok {
		return "", false
	}
	delete(tree, path[0])
	if list, ok := v.([]any); ok {
		parts := make([]string, len(list))
		for i, e := range list {
			parts[i] = fmt.Sprint(e)
		}
		return strings.Join(parts, ","), true
	}
	return fmt.Sprint(v), true
}

func left(tree map[string]any, prefix string) []string {
	var names []string
	for k, v := range tree {
		if below, ok := v.(map[string]any); ok {
			names = append(names, left(below, prefix+k+".")...)
			continue
		}
		names = append(names, prefix+k)
	}
	sort.Strings(names)
	return names
}

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

func set(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration such as 30s or 5m", text)
		}
		v.SetInt(int64(d))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a whole number in range", text)
		}
		v.SetInt(n)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetFloat(f)
	case reflect.Slice:
		for part := range strings.SplitSeq(text, ",") {
			element := reflect.New(v.Type().Elem()).Elem()
			if err := set(element, strings.TrimSpace(part)); err != nil {
				return err
			}
			v.Set(reflect.Append(v, element))
		}
	default:
		return fmt.Errorf("settings of type %s are not supported", v.Type())
	}
	return nil
}

func validate(v reflect.Value) []error {
	var problems []error
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if _, ok := field.Tag.Lookup("config"); ok && field.IsExported() && field.Type.Kind() == reflect.Struct {
			problems = append(problems, validate(v.Field(i))...)
		}
	}
	if c, ok := v.Interface().(interface{ Validate() error }); ok {
		if err := c.Validate(); err != nil {
			problems = append(problems, err)
		}
	}
	return problems
}
