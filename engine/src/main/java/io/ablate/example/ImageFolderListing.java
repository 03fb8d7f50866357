package io.ablate.example;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The pictures of a folder and their labels. With {@code labels.txt} ({@code FILE LABEL} a line) or
 * {@code labels.csv} ({@code FILE,LABEL}; a first line {@code file,label} is skipped) the lines'
 * order; a label is a number or a class's name, {@code #} begins a comment. Without, one folder per
 * class, folders and files in the order of their names: the label is the class of the folder's
 * name, or else the folder's position. Hidden files, and files that are neither JPEG nor PNG by
 * name, are passed over.
 */
final class ImageFolderListing {
  /** A picture: its path within the folder, with {@code /}, and its label. */
  record Entry(String name, int label) {}

  private final Path folder;
  private final ModelInput model;

  ImageFolderListing(Path folder, ModelInput model) {
    this.folder = folder;
    this.model = model;
  }

  /**
   * Lists the pictures; none is opened.
   *
   * @throws BadInputException if there are none, or a line or folder has no label
   */
  List<Entry> entries() {
    if (!Files.isDirectory(folder)) {
      throw new BadInputException(
          Problem.of("no such folder of pictures")
              .at(folder)
              .expected("a folder")
              .found(Files.exists(folder) ? "a file" : "nothing"));
    }
    for (String name : new String[] {"labels.txt", "labels.csv"}) {
      Path labels = folder.resolve(name);
      if (Files.exists(labels)) {
        return required(fromLabels(labels, name.endsWith(".csv") ? "," : "\\s"), labels);
      }
    }
    return required(fromClassFolders(), folder);
  }

  private static List<Entry> required(List<Entry> entries, Path where) {
    if (entries.isEmpty()) {
      throw new BadInputException(
          Problem.of("no pictures")
              .at(where)
              .expected(
                  "one folder per class with .jpg, .jpeg or .png files, or labels.txt or labels.csv")
              .found("none"));
    }
    return entries;
  }

  private List<Entry> fromClassFolders() {
    List<String> folders = names(folder, Files::isDirectory);
    List<String> classes = model.classes();
    boolean byName = folders.stream().anyMatch(classes::contains);
    if (!byName && !classes.isEmpty() && folders.size() != classes.size()) {
      throw new BadInputException(
          Problem.of("cannot tell which class a folder is")
              .at(folder)
              .expected(
                  "folders named after the model's classes, or as many as classes, "
                      + classes.size())
              .found(
                  folders.size()
                      + " folders"
                      + (folders.isEmpty() ? "" : ", the first " + folders.getFirst())));
    }
    List<Entry> entries = new ArrayList<>();
    for (int position = 0; position < folders.size(); position++) {
      String name = folders.get(position);
      Path place = folder.resolve(name);
      int label = byName ? classes.indexOf(name) : position;
      if (label < 0) {
        throw new BadInputException(
            Problem.of("folder is none of the model's classes")
                .at(place)
                .expected(String.join(", ", classes.subList(0, Math.min(20, classes.size()))))
                .found(name));
      }
      ImageFolderSource.requireInside(folder, place);
      for (String file : names(place, ImageFolderListing::isPicture)) {
        entries.add(new Entry(name + "/" + file, label));
      }
    }
    return entries;
  }

  private static boolean isPicture(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return (name.endsWith(".jpg") || name.endsWith(".jpeg") || name.endsWith(".png"))
        && !Files.isDirectory(file);
  }

  private static List<String> names(Path folder, Predicate<Path> wanted) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(wanted)
          .map(file -> folder.relativize(file).toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(folder, e), e);
    }
  }

  private List<Entry> fromLabels(Path file, String separator) {
    List<Entry> entries = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    List<String> lines = lines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      boolean heading = i == 0 && line.equalsIgnoreCase("file,label");
      if (line.isEmpty() || line.startsWith("#") || heading) {
        continue;
      }
      String where = file + ", line " + (i + 1);
      // The last separator counts: names may hold spaces and commas.
      String[] parts = line.split(separator + "(?=[^" + separator + "]*$)");
      if (parts.length != 2) {
        throw malformed(where, "FILE and LABEL", line);
      }
      String name = parts[0].strip();
      if (!seen.add(name)) {
        throw malformed(where, "each file once", name + " again");
      }
      requirePicture(name, where);
      entries.add(new Entry(name, label(parts[1].strip(), where)));
    }
    return entries;
  }

  private void requirePicture(String name, String where) {
    try {
      if (!Files.isRegularFile(folder.resolve(name))) {
        throw malformed(where, "a file in " + folder, name + ", which is not there");
      }
    } catch (InvalidPathException e) {
      throw malformed(where, "a file in " + folder, name);
    }
  }

  private int label(String text, String where) {
    int named = model.classes().indexOf(text);
    if (named >= 0) {
      return named;
    }
    if (!text.matches("-?\\d{1,9}")) {
      throw malformed(where, "a class's number or name", "'" + text + "'");
    }
    return model.requireLabel(Long.parseLong(text), where);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (MalformedInputException e) {
      throw malformed(file.toString(), "text in UTF-8", "other bytes");
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
  }

  private static BadInputException malformed(String where, String expected, String found) {
    return new BadInputException(
        Problem.of("malformed list of labels").at(where).expected(expected).found(found));
  }
}
