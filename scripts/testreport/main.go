// Command testreport reads `go test -json` on standard input, shows what failed
// in full and a line a package for the rest, and ends with how many tests ran.
// It exits with 1 when a test or a build failed, when a test was skipped (a
// missing server must fail, not skip) or when none ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

func main() {
	output := map[string][]string{}
	var passed, failed, skipped int
	broken := false
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil {
			fmt.Println(in.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			if e.Action == "build-output" {
				fmt.Print(e.Output)
			}
			output[key] = append(output[key], e.Output)
		case "pass", "fail", "skip":
			report(e, output[key])
			broken = broken || e.Action == "fail"
			if e.Test != "" {
				switch e.Action {
				case "pass":
					passed++
				case "fail":
					failed++
				case "skip":
					skipped++
				}
			}
			delete(output, key)
		}
	}
	fmt.Printf("tests run: %d\n%d passed, %d failed, %d skipped\n", passed+failed, passed, failed, skipped)
	if broken || failed > 0 || skipped > 0 || passed == 0 {
		os.Exit(1)
	}
}

// report prints what a reader needs of one result.
func report(e event, lines []string) {
	switch {
	case e.Action == "fail" || e.Action == "skip" && e.Test != "":
		fmt.Printf("--- %s %s %s\n%s", strings.ToUpper(e.Action), e.Package, e.Test, strings.Join(lines, ""))
	case e.Test == "":
		fmt.Printf("%-4s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
	}
	for _, l := range lines {
		if strings.Contains(l, "figure ") && e.Action == "pass" {
			fmt.Print(l)
		}
	}
}
