package document

// WorkItem is a completed work item as far as a document tells of it.
type WorkItem struct {
	// ID of the item, as written.
	ID string
	// Code, such as "I070Q1".
	Code string
	// Officer who completed it.
	Officer string
}

// Title is the document's title, such as "Work item I070Q1: completed".
func (w WorkItem) Title() string { return "Work item " + w.Code + ": completed" }

// Text is the document's text. The officer's note stays with the item, where
// those who may read it find it.
func (w WorkItem) Text() string {
	return "Completed by: officer " + w.Officer + "\nWork item: " + w.ID + "\nNote: kept with the work item"
}
