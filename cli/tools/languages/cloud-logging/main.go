// Command cloud-logging reads filters of Cloud Logging by the grammar that Google publishes for them (https://google.aip.dev/160). What that
// lacks is the operator =~, which is read as = here; the patterns on its right are compiled as what they are, RE2.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.einride.tech/aip/filtering"
)

// A text in quotes is one token, so that =~ in it stays.
var tokens = regexp.MustCompile(`(=~)("(?:[^"\\]|\\.)*")|"(?:[^"\\]|\\.)*"`)

// Google refuses longer ones.
const limit = 20_000

func check(filter string) error {
	if len(filter) > limit {
		return fmt.Errorf("%d characters are more than %d", len(filter), limit)
	}
	var wrong error
	plain := tokens.ReplaceAllStringFunc(filter, func(token string) string {
		quoted, isPattern := strings.CutPrefix(token, "=~")
		var text string
		if err := json.Unmarshal([]byte(quoted), &text); err != nil {
			wrong = fmt.Errorf("%s: %w", quoted, err)
		} else if _, err := regexp.Compile(text); isPattern && err != nil {
			wrong = err
		}
		if isPattern {
			return "=" + quoted
		}
		return token
	})
	if wrong != nil {
		return wrong
	}
	var parser filtering.Parser
	parser.Init(plain)
	_, err := parser.Parse()
	return err
}

func main() {
	for _, filter := range []string{`a="b" AND`, `a=~"("`, `(a="b"`, `a="b" c="d") `, `a."b`, `NOT`} {
		if check(filter) == nil {
			fmt.Printf("cloud-logging: the parser takes %s\n", filter)
			os.Exit(1)
		}
	}
	complaints := 0
	for _, file := range os.Args[1:] {
		filter, err := os.ReadFile(file)
		if err == nil {
			err = check(string(filter))
		}
		if err != nil {
			complaints++
			fmt.Printf("%s: %v\n", filepath.Base(file), err)
		}
	}
	fmt.Printf("cloud-logging: %d filters parsed by the grammar of AIP-160, their patterns compiled as RE2, %d complaints\n", len(os.Args)-1, complaints)
	if complaints > 0 || len(os.Args) == 1 {
		os.Exit(1)
	}
}
