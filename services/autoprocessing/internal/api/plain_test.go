package api

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// A file says what the console's screens say, and has words for every term.
func TestWordsAreTheConsoles(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../console/web/src/words/vocabulary.ts")
	if err != nil {
		t.Fatal(err)
	}
	console := string(text)
	alike(t, console, functionWords, "BusinessFunction", "BUSINESS_FUNCTION_", eventv1.BusinessFunction_name)
	alike(t, console, typeWords, "InformationType", "INFORMATION_TYPE_", eventv1.InformationType_name)
	alike(t, console, statusWords, "SubmissionStatus", "SUBMISSION_STATUS_", eventv1.SubmissionStatus_name)
	alike(t, console, outcomeWords, "Outcome", "OUTCOME_", eventv1.Outcome_name)
	alike(t, console, reasonWords, "RejectionReason", "REJECTION_REASON_", eventv1.RejectionReason_name)
}

func alike[E interface {
	~int32
	protoreflect.Enum
}](t *testing.T, console string, words map[E]string, enum, prefix string, names map[int32]string) {
	t.Helper()
	for number, name := range names {
		if number == 0 {
			continue
		}
		line := fmt.Sprintf("[%s.%s]: %q,", enum, strings.TrimPrefix(name, prefix), words[E(number)])
		if words[E(number)] == "" || !strings.Contains(console, line) {
			t.Errorf("the console does not say %s", line)
		}
	}
}
